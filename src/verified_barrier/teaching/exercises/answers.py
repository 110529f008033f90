"""Reading answers, in TOML, in Python and in TLA+, and refusing what would not be one."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from verified_barrier.teaching.exercises.exercise import ExerciseError, NotSolvedError
from verified_barrier.verification.files import reason

__all__ = ["module_head", "read_answer", "read_python", "read_toml", "without_extras"]


def read_answer(folder: Path, name: str) -> str:
    """Return the text of an answer. Raises ``ExerciseError`` where it cannot be read."""
    path = folder / name
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ExerciseError(
            f"{path} cannot be read: {reason(problem)}\n    start the exercise in another "
            "folder to get the file again"
        ) from None


def read_toml(folder: Path, name: str, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Return the answers in a TOML file.

    Parameters: ``kinds``, the keys that it has, each with the type of its value. Raises
    ``NotSolvedError`` where the file has no such answers.
    """
    try:
        answers = tomllib.loads(read_answer(folder, name))
    except tomllib.TOMLDecodeError as problem:
        raise NotSolvedError(f"{name} is not TOML: {problem}") from None
    for key in kinds:
        if key not in answers:
            raise NotSolvedError(f"{name} does not say what {key} is")
    if unknown := sorted(answers.keys() - kinds.keys()):
        raise NotSolvedError(f"{name} says what {unknown[0]} is, which was not asked for")
    for key, kind in kinds.items():
        if type(answers[key]) is not kind:
            said = f"{name}: {key} is {answers[key]!r}"
            raise NotSolvedError(f"{said}, and must be {_IN_WORDS[kind]}")
    return answers


_IN_WORDS: Final = {
    str: "a text, in quotes",
    int: "a number",
    bool: "true or false",
    list: "a list, in brackets",
}


def read_python(name: str, text: str) -> ast.Module:
    """Return the syntax tree of an answer in Python. Raises ``NotSolvedError`` if it is none.

    Parameters: ``name``, of the file.
    """
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as problem:  # that of a null byte has no line
        line, said = getattr(problem, "lineno", None), getattr(problem, "msg", problem)
        where = name if line is None else f"{name}, line {line}"
        raise NotSolvedError(f"{where}: {said}") from None


def without_extras(name: str, text: str, start: str) -> ast.Module:
    """Return the syntax tree of an answer in Python that uses no more than it started with.

    Parameters: ``name``, of the file; ``start``, the text that it started as. What would let an
    answer look the solution up, or alter its judge, is refused: other imports, classes, names with
    two underscores, and changes of attributes. Raises ``NotSolvedError``.
    """
    tree = read_python(name, text)
    allowed = {ast.dump(node) for node in ast.walk(ast.parse(start)) if _is_import(node)}
    for node in ast.walk(tree):
        if _is_import(node) and ast.dump(node) not in allowed:
            wrong = "imports something else than at the start"
        elif isinstance(node, ast.ClassDef):
            wrong = f"has a class, {node.name}"
        elif isinstance(node, (ast.Name, ast.Attribute)) and "__" in _spelling(node):
            wrong = f"uses {_spelling(node)}"
        elif isinstance(node, ast.Name) and node.id in _WAYS_OUT:
            wrong = f"uses {node.id}"
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            wrong = f"changes {ast.unparse(node)}"
        else:
            continue
        line = getattr(node, "lineno", 1)
        raise NotSolvedError(f"{name}, line {line}: it {wrong}: do without it")
    return tree


_WAYS_OUT: Final = {
    *("exec", "eval", "compile", "open", "getattr", "setattr", "globals", "vars", "locals"),
}


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _spelling(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def module_head(name: str, text: str, extends: str) -> None:
    """See that an answer in TLA+ extends one module and looks into no other.

    Raises ``NotSolvedError``.
    """
    bare = re.sub(r"\\\*[^\n]*|\(\*.*?\*\)", " ", text, flags=re.DOTALL)
    module = name.removesuffix(".tla")
    if not re.match(rf"\s*-{{4,}} *MODULE {module} *-{{4,}}", bare):
        raise NotSolvedError(f"{name} must begin with ---- MODULE {module} ----")
    if re.findall(r"\bEXTENDS\b\s*([^\n]*)", bare) != [extends]:
        raise NotSolvedError(f"{name} must say EXTENDS {extends}, once, and nothing more of that")
    for word in ("INSTANCE", "ASSUME", "ASSUMPTION", "AXIOM", "VARIABLE", "CONSTANT"):
        if re.search(rf"\b{word}S?\b", bare):
            raise NotSolvedError(f"{name} has the word {word}: the answer needs none")
