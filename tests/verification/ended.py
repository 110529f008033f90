"""What is left when a command is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from barrier.threads import await_until

__all__ = ["leaves_nothing"]


def leaves_nothing(
    arguments: Sequence[str], begun: str, names: Sequence[str], caches: Path, folder: Path
) -> None:
    """End a command with signals, and see that it ends soon, with all that it has started.

    Parameters: ``begun``, of what there is a file in its temporary folder once it is at work;
    ``names``, of the signals, of which one says what the exit code is.
    """
    scratch = folder / "scratch"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch), "XDG_CACHE_HOME": str(caches)}
    with subprocess.Popen(
        [sys.executable, "-m", "verified_barrier.cli", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            await_until(lambda: any(scratch.glob(begun)), f"{begun} to be there", 50.0)
            for name in names:
                process.send_signal(getattr(signal, name))
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    # Where several come at once, any of them may be the first.
    assert process.returncode in [128 + getattr(signal, name) for name in names], errors
    assert errors == ("verified-barrier: interrupted\n" if process.returncode == 130 else "")
    assert list(scratch.iterdir()) == []
    # Whatever it has started has this environment.
    for started in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            assert str(scratch).encode() not in started.read_bytes()
