"""What is raised where somebody asks for what is not there."""

from __future__ import annotations

__all__ = ["TeachingError"]


class TeachingError(ValueError):
    """Something that cannot be shown or done; the message names it, and the remedy."""
