"""The documentation prints what the commands print."""

from __future__ import annotations

import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from docs.pages import PAGES, PROTOCOL, ROOT, Session, run, sessions, without_times
from verified_barrier.table import Row
from verified_barrier.verification.properties import PROPERTIES

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


def headings(page: Path) -> set[str]:
    """Return what GitHub calls the headings of a page in an address."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def astray(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead nowhere on GitHub."""
    wrong = []
    for link in re.findall(r"\]\(([^)]+)\)", text):
        file, _, heading = link.partition("#")
        target = page.parent / file if file else page
        is_there = target.exists() and (not heading or heading in headings(target))
        if "://" not in link and not is_there:
            wrong.append(link)
    return wrong


ALL_PAGES = [*PAGES, PROTOCOL, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """On GitHub, where most read them; ``make docs`` looks at those of the site."""
    assert astray(page, page.read_text(encoding="utf-8")) == []


def test_links_that_lead_nowhere_are_found() -> None:
    """To a file or a heading that there is not."""
    links = "[a](check.md#json) [b](check.md#xml) [c](../README.md) [d](README.md) [e](#way)"
    assert astray(ROOT / "docs" / "check.md", links) == ["check.md#xml", "README.md", "#way"]


ELSEWHERE = {"specification": "../spec/README"}
"""Where the text of a page is that Sphinx makes from another file."""


def unreadable(text: str) -> list[str]:
    """Return what a page leaves to Sphinx, so that who reads it on GitHub does not get it."""
    directives = re.findall(r"^```\{(\S+)\}(.*?)^```$", text, re.M | re.S)
    left = re.sub(r"^```\{.*?^```$", "", text, flags=re.M | re.S)
    wrong = [name for name, _ in directives if name != "toctree" and "](../" not in left]
    for content in (content for name, content in directives if name == "toctree"):
        hidden, *entries = content.split()
        links = [f"]({ELSEWHERE.get(entry, entry)}.md)" for entry in entries]
        wrong += [] if hidden == ":hidden:" else ["toctree"]
        wrong += [link for link in links if link not in left]
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_can_be_read_on_github(page: Path) -> None:
    """What is in a toctree is linked, too; what is made from another file has a link to that."""
    assert unreadable(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("```{toctree}\n:hidden:\n\none\n```\n[one](one.md)", []),
        ("```{toctree}\n:hidden:\n\none\n```\n", ["](one.md)"]),
        ("```{toctree}\n:maxdepth: 1\n\none\n```\n[1](1.md) [one](one.md)", ["toctree"]),
        ("```{include} ../one.md\n```\n", ["include"]),
        ("```{include} ../one.md\n```\n[one](../one.md)", []),
    ],
)
def test_page_that_cannot_be_read_on_github_is_found(text: str, wrong: list[str]) -> None:
    """A list that is not shown, or a text that is not there."""
    assert unreadable(text) == wrong


def test_index_lists_the_lessons() -> None:
    """Each under its title, in their order."""
    index = (ROOT / "docs" / "tutorial" / "index.md").read_text(encoding="utf-8")
    titles = [lesson.read_text(encoding="utf-8").partition("\n")[0] for lesson in LESSONS]
    listed = re.findall(r"^(\d+\.) \[(.*)\]\((.*)\)$", index, re.M)
    assert [f"# {number} {title}" for number, title, _ in listed] == titles
    assert [file for *_, file in listed] == [lesson.name for lesson in LESSONS]


def test_lesson_names_the_columns_of_the_table() -> None:
    """From left to right, as the row that it shows has them."""
    (lesson,) = (lesson for lesson in LESSONS if lesson.name == "03-actions.md")
    named = re.findall(r"^- `(\w+)`: ", lesson.read_text(encoding="utf-8"), re.M)
    assert tuple(named) == Row._fields


def test_lessons_show_every_safety_property() -> None:
    """The fifth counts those that it and the fourth have printed."""
    fourth, fifth = LESSONS[3:5]
    printed = "".join(session.output for page in (fourth, fifth) for session in sessions(page))
    held = {
        name for names in re.findall(r"holds: ([\w, ]+)", printed) for name in names.split(", ")
    }
    assert held == set(PROPERTIES)
    assert len(held) == 8
    assert "these are the eight safety properties" in fifth.read_text(encoding="utf-8")


def strange_sums(output: str) -> list[str]:
    """Return the closing lines that say another time than the lines above them add up to."""
    seconds = [float(time) for time in re.findall(r"^ok .*?(\d+\.\d) s  ", output, re.M)]
    sums = re.findall(r"^(\d+ as expected, .* in (\d+) s)", output, re.M)
    return [line for line, total in sums if not max(seconds) - 1 < int(total) < sum(seconds) + 2]


def test_times_of_the_pages_agree() -> None:
    """Nobody wonders what a check did in the time that is left."""
    shown = [session for page in ALL_PAGES for session in sessions(page)]
    found = [session for session in shown if re.search(r"^ok .* s  ", session.output, re.M)]
    assert len(found) > 5
    assert [line for session in found for line in strange_sums(session.output)] == []
    strange = "1 as expected, 0 unexpected, in 14 s"
    assert strange_sums(f"ok          some/check    2.3 s  80 states\n{strange}\n") == [strange]
