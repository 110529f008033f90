"""The documentation prints what the commands print."""

from __future__ import annotations

import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from docs.pages import PAGES, ROOT, Session, run, sessions, without_times

pytestmark = pytest.mark.check

LESSONS = sorted((ROOT / "docs" / "tutorial").glob("[0-9]*.md"))
UPDATES = bool(os.environ.get("UPDATE_GOLDEN"))
# The notebook runs what is in the lessons.
SESSIONS = [
    session for page in PAGES if UPDATES or page not in LESSONS for session in sessions(page)
]
DRAWN = re.compile(r"!\[[^\]]+\]\(([^)]+\.svg)\)\n\n\*Drawn by\* `([^`]+)`")
PICTURES = [
    (str(page.relative_to(ROOT)), page.parent / file, command)
    for page in PAGES
    for file, command in DRAWN.findall(page.read_text(encoding="utf-8"))
]


@pytest.fixture
def folder(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like the project's, with the commands of this Python; nothing has run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    project = tmp_path / "project"
    project.mkdir()
    for path in ROOT.iterdir():
        if not path.name.startswith("."):
            (project / path.name).symlink_to(path)
    return project


@pytest.mark.parametrize("session", SESSIONS, ids=str)
def test_page_shows_what_is_printed(session: Session, folder: Path) -> None:
    """But for the time that it took; UPDATE_GOLDEN=1 writes it into the page."""
    printed = run(session.command, folder)
    if UPDATES:
        page = ROOT / session.page
        before = f"$ {session.command}\n"
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace(before + session.output, before + printed), encoding="utf-8")
        return
    assert without_times(printed) == without_times(session.output)


@pytest.mark.parametrize(("page", "file", "command"), PICTURES)
def test_picture_is_what_is_drawn(page: str, file: Path, command: str, folder: Path) -> None:
    """UPDATE_GOLDEN=1 draws it anew."""
    drawn = run(command, folder)
    assert drawn.startswith("<svg "), drawn
    if UPDATES:
        file.write_text(drawn, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == drawn


@pytest.mark.parametrize("file", sorted((ROOT / "docs").rglob("*.svg")), ids=lambda path: path.name)
def test_picture_has_a_title(file: Path) -> None:
    """It is what a screen reader says of it."""
    title = ET.parse(file).find("{http://www.w3.org/2000/svg}title")  # noqa: S314 - our own file
    assert title is not None
    assert title.text


def test_lessons_are_whole() -> None:
    """Each has a command, a picture and an exercise."""
    assert len(LESSONS) == 12
    for lesson in LESSONS:
        text = lesson.read_text(encoding="utf-8")
        assert [*sessions(lesson)], lesson
        assert "\n![" in text, lesson
        assert "\n## Exercise\n" in text, lesson


def test_stale_page_is_noticed() -> None:
    """Another text is another text; another time is not."""
    assert without_times("ok  12 states, in 3.1 s") == without_times("ok  12 states, in  12.7 s")
    assert without_times("ok  12 states, in 3.1 s") != without_times("ok  13 states, in 3.1 s")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    """Those of the pages that are not in the site; ``make docs`` looks at those that are."""
    text = (ROOT / name).read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.M)
    }
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links or name == "CONTRIBUTING.md"
    for link in links:
        if link.startswith("#"):
            assert link[1:] in headings, link
        elif "://" not in link:
            assert (ROOT / link.partition("#")[0]).exists(), link
