"""TLA+ modules as syntax trees, read by the TLA+ tools' own parser, SANY.

SANY's ``XMLExporter`` writes a parsed module, with those that it extends, as XML. Here it becomes
a tree with three kinds of nodes: a number or a string; a name; and an operator with its operands.
Names are already resolved: a parameter or a bound name carries SANY's number, so that two with one
spelling are not taken for each other.

Source: ``tla2sany.xml.XMLExporter`` in the TLA+ tools.
"""

from __future__ import annotations

import re
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from verified_barrier.verification.evidence import keep, note_command
from verified_barrier.verification.processes import run
from verified_barrier.verification.resources import SetupError
from verified_barrier.verification.tlc import Tlc

__all__ = ["Definition", "Module", "ModuleSyntaxError", "Node", "parse", "read_module"]


class ModuleSyntaxError(ValueError):
    """A module that SANY does not accept, or that is not understood; the message says why."""


class Node(NamedTuple):
    """An expression."""

    operator: str
    """A built-in operator, a defined one, a variable, a constant, or a name that is bound;
    ``$Number`` or ``$String`` for what stands for itself."""
    operands: tuple[Node, ...]
    bound: tuple[tuple[str, Node], ...]
    """The names that the operator binds, each with the set that it is taken from; or, of an
    instance, each name of the other module with what is put for it."""
    value: int | str | None
    """What a number or a string is."""
    where: str
    """The module and the line."""


class Definition(NamedTuple):
    """A defined operator."""

    name: str
    parameters: tuple[str, ...]
    body: Node
    module: str


@dataclass(frozen=True)
class Module:
    """A module, with all that it extends."""

    definitions: Mapping[str, Definition]
    """By name. The operators of TLA+'s own modules are not among them."""
    constants: tuple[str, ...]
    variables: tuple[str, ...]
    assumptions: tuple[Node, ...]


STANDARD: Final = {"Naturals", "Integers", "Sequences", "FiniteSets", "TLC", "--TLA+ BUILTINS--"}
"""The modules whose operators have a fixed meaning."""

_CONSTANT, _VARIABLE = "2", "3"
"""What SANY calls the kinds of declarations."""


def parse(name: str, modules: Mapping[str, str], tlc: Tlc, timeout: float) -> Module | None:
    """Return a module as SANY reads it.

    Parameters: ``name``, the module's; ``modules``, the text of all modules that may be needed,
    by file name; ``timeout``, in seconds. Returns ``None`` if the time was up. Raises
    ``ModuleSyntaxError`` where SANY finds a mistake, ``SetupError`` where SANY cannot be run or a
    module is missing.
    """
    with tempfile.TemporaryDirectory(prefix="verified-barrier-") as folder:
        for file, text in modules.items():
            Path(folder, file).write_text(text, encoding="utf-8")
        java = [
            *(str(tlc.java), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *tlc.java_options),
            *(f"-Djava.io.tmpdir={folder}", "-cp", str(tlc.jar)),
        ]
        command = [*java, "tla2sany.xml.XMLExporter", "-o", f"{name}.tla"]
        note_command(name, command)
        ran = run(command, folder=Path(folder), timeout=timeout)
        if ran.exit_code is None:
            return None
        keep(f"{name}.xml", ran.output)
        start = ran.output.find("<?xml")
        if ran.exit_code or start < 0:
            # The exporter keeps to itself in which line a module cannot be parsed.
            command = [*java, "tla2sany.SANY", f"{name}.tla"]
            again = run(command, folder=Path(folder), timeout=timeout, together=True)
            said = _mistakes(again.output)
            if again.exit_code is not None and said is None:
                what = again.output.strip()[-500:] or "it prints nothing"
                raise SetupError(
                    f"{tlc.java} with {tlc.jar} does not start SANY: {what} "
                    f"(exit code {again.exit_code})"
                )
            said = said or ran.errors.strip()[:1000]
            raise ModuleSyntaxError(f"SANY cannot read {name}:\n{said}")
    return read_module(ran.output[start:])


def _mistakes(output: str) -> str | None:
    """Return what SANY finds wrong, each line once; ``None`` if it is not SANY that speaks.

    Raises ``SetupError`` where it does not find a module.
    """
    if "SANY2 Version" not in output:
        return None
    asked = r"Cannot find (?:source file for module|the specified file) (\w+)"
    if missing := re.search(asked, output):
        raise SetupError(f"there is no {missing[1]}.tla in the folder of the specification")
    lines = map(str.strip, output.splitlines())
    noise = ("******", "Parsing file ", "Semantic processing of ", "Residual stack", "tla2sany.")
    return "\n".join(dict.fromkeys(line for line in lines if line and not line.startswith(noise)))


def read_module(xml: str) -> Module:
    """Return the module that SANY wrote as XML."""
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 - written by SANY, not by a stranger
    except ElementTree.ParseError as problem:
        raise ModuleSyntaxError(f"what SANY wrote is not XML: {problem}") from None
    return _Reader(root).module()


class _Reader:
    """Reads what SANY wrote."""

    def __init__(self, root: ElementTree.Element) -> None:
        entries = {_text(entry, "UID"): entry[1] for entry in root.iterfind("./context/entry")}
        # In the order of the text: what a module extends comes before it.
        self._entries = {number: entries[number] for number in sorted(entries, key=int)}
        # What belongs to a module of which there is an instance, and not to the one that is read.
        self._substituted = {_text(one, "UID") for one in root.iterfind(".//Subst/OpDeclNodeRef")}
        self._names = dict(self._named(root))

    def _named(self, root: ElementTree.Element) -> Iterator[tuple[str, str]]:
        """Yield the name of each entry: with its number, if it is known within another alone.

        Where two modules have a name, it is that of the later one; the other's is qualified.
        """
        local = {_text(one, "UID") for one in root.iterfind(".//opDefs/UserDefinedOpKindRef")}
        taken: set[str] = set()
        for number, entry in reversed(self._entries.items()):
            name = entry.findtext("uniquename", "")
            if entry.tag == "FormalParamNode" or number in local or name == "LAMBDA":
                yield number, f"{name}#{number}"
                continue
            if _module(entry) not in STANDARD:
                if number in self._substituted or name in taken:
                    name = f"{_module(entry)}!{name}"
                taken.add(name)
            yield number, name

    def module(self) -> Module:
        definitions: dict[str, Definition] = {}
        constants: list[str] = []
        variables: list[str] = []
        assumptions: list[Node] = []
        for number, entry in self._entries.items():
            module = _module(entry)
            # An instance repeats what is in TLA+'s own modules.
            if {module, entry.findtext("body/SubstInNode/body//filename")} & STANDARD:
                continue
            if entry.tag == "UserDefinedOpKind":
                definition = self._definition(number, entry, module)
                definitions[definition.name] = definition
            elif entry.tag == "OpDeclNode" and number not in self._substituted:
                kinds = {_CONSTANT: constants, _VARIABLE: variables}
                kinds[_text(entry, "kind")].append(self._names[number])
            elif entry.tag == "AssumeNode" and not self._is_of_instance(entry):
                assumptions.append(self._node(_child(entry, "body")[0]))
        return Module(definitions, tuple(constants), tuple(variables), tuple(assumptions))

    def _is_of_instance(self, entry: ElementTree.Element) -> bool:
        named = {_text(one, "UID") for one in entry.iterfind(".//OpDeclNodeRef")}
        return bool(named & self._substituted)

    def _definition(self, number: str, entry: ElementTree.Element, module: str) -> Definition:
        parameters = [
            self._name(ref) for ref in entry.iterfind("params/leibnizparam/FormalParamNodeRef")
        ]
        body = self._node(_child(entry, "body")[0])
        return Definition(self._names[number], tuple(parameters), body, module)

    def _name(self, reference: ElementTree.Element) -> str:
        return self._names[_text(reference, "UID")]

    def _node(self, element: ElementTree.Element) -> Node:
        where = (
            f"{element.findtext('location/filename', '?')}, "
            f"line {element.findtext('location/line/begin', '?')}"
        )
        if element.tag == "NumeralNode":
            return Node("$Number", (), (), int(_text(element, "IntValue")), where)
        if element.tag == "StringNode":
            if element.text == "$Other":
                return Node("$Other", (), (), None, where)
            return Node("$String", (), (), element.findtext("StringValue", ""), where)
        if element.tag == "AtNode":
            return Node("$At", (), (), None, where)
        if element.tag == "LetInNode":
            return Node("$Let", (self._node(_child(element, "body")[0]),), (), None, where)
        if element.tag == "SubstInNode":
            put = tuple(
                (self._name(name), self._node(value)) for name, value in _child(element, "substs")
            )
            return Node(
                "$Substitution", (self._node(_child(element, "body")[0]),), put, None, where
            )
        if element.tag == "OpArgNode":
            return Node(self._name(_child(element, "argument")[0]), (), (), None, where)
        if element.tag != "OpApplNode":
            raise ModuleSyntaxError(f"{where}: {element.tag} is not understood")
        return Node(
            self._name(_child(element, "operator")[0]),
            tuple(self._node(operand) for operand in _child(element, "operands")),
            tuple(self._bounds(element)),
            None,
            where,
        )

    def _bounds(self, element: ElementTree.Element) -> list[tuple[str, Node]]:
        bounds = []
        for bound in element.iterfind("boundSymbols/*"):
            *names, taken_from = bound
            if bound.tag != "bound" or bound.find("tuple") is not None:
                raise ModuleSyntaxError(
                    f"{_text(element, 'location/filename')}, "
                    f"line {_text(element, 'location/line/begin')}: say of each bound name "
                    "which set it is taken from"
                )
            domain = self._node(taken_from)
            bounds += [(self._name(name), domain) for name in names]
        return bounds


def _module(entry: ElementTree.Element) -> str:
    return entry.findtext("location/filename", "")


def _child(element: ElementTree.Element, path: str) -> ElementTree.Element:
    found = element.find(path)
    if found is None:
        raise ModuleSyntaxError(f"SANY wrote no {path} in {element.tag}")
    return found


def _text(element: ElementTree.Element, path: str) -> str:
    return _child(element, path).text or ""
