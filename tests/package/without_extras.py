"""A plugin of pytest: only what ``pip install '.[test]'`` installs can be imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import packages_distributions, requires
from types import ModuleType

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name


def installed_with(project: str, extra: str) -> set[NormalizedName]:
    """Return the names of what is installed with a project: what it needs, and what that needs."""
    found = {canonicalize_name(project)}
    for requirement in map(Requirement, requires(project) or ()):
        name = canonicalize_name(requirement.name)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if wanted and name not in found:
            found |= installed_with(name, "")
    return found


_THERE = installed_with("verified-barrier", "test")
_MISSING = {
    package
    for package, distributions in packages_distributions().items()
    if not _THERE & set(map(canonicalize_name, distributions))
}


class _WithoutExtras(PathFinder):
    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in _MISSING:
            return None
        return super().find_spec(fullname, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = _WithoutExtras
