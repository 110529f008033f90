"""The page as one file: its text, its style and its script, and what it knows."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

__all__ = ["page"]

_HERE = Path(__file__).parent


def page(known: dict[str, Any]) -> str:
    """Return the page.

    Parameters: ``known``, what ``export`` returns. The page says of itself that it may load
    nothing, and run and be styled by nothing but what is in it.
    """
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    # Nothing in it ends the element that it is in.
    data = json.dumps(known, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")
    return (
        (_HERE / "page.html")
        .read_text(encoding="utf-8")
        .replace("{{style-hash}}", _hash(style))
        .replace("{{script-hash}}", _hash(script))
        .replace("{{style}}", style)
        .replace("{{script}}", script)
        .replace("{{data}}", data)
    )


def _hash(text: str) -> str:
    """Return what a content security policy says of a text that is allowed."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
