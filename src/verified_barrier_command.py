"""The command ``verified-barrier``, as it is installed.

It stands beside the package, because a package whose table is wrong cannot be imported: then this
says which row it is, and what is wrong with it.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line and return its exit code: 1 for a table that is no state machine."""
    try:
        from verified_barrier.cli import main as run
    except ValueError as problem:
        # Its class cannot be imported, either.
        if type(problem).__name__ != "TableError":
            raise
        print(f"verified-barrier: table.py: {problem}", file=sys.stderr)
        return 1
    return run()
