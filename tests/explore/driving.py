"""The explorer's page, driven as its users do: by buttons and keys, and read from what it shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["NONE", "Driven", "NoBrowserError", "Seen", "a_browser"]

NONE = "\N{EN DASH}"
"""What is shown where there is no value."""


_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]


class NoBrowserError(Exception):
    """There is no browser that can be driven; the message says what is missing."""


@contextmanager
def a_browser() -> Iterator[Any]:
    """Start a Chromium, and end it. Raises ``NoBrowserError`` where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowserError("no Playwright to drive a browser with") from None
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise NoBrowserError("no Chromium")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=_OPTIONS)
        yield chromium
        chromium.close()


class Seen(NamedTuple):
    """What the page shows at one moment."""

    phase: str
    arrived: int
    threads: list[tuple[str, str | None, int | None]]
    """Of each: its location, outcome and index."""
    broken: list[str]
    """The lamps that are lit now."""
    possible: list[tuple[str, int | None]]
    """What the buttons offer: actions, and the threads that take them."""


# Reads what is shown; and presses buttons on offer: for a number one of them, or else the one for
# an action and a thread.
_WALK = """(wanted) => {
  const text = (element) => element.textContent;
  const cells = (row) => [...row.querySelectorAll("td")].map((cell) => cell.firstChild.data);
  const offered = () => [...document.querySelectorAll("[data-control][aria-disabled=false]")];
  const thread = (button) => {
    const number = button.closest("[role=toolbar]").dataset.thread;
    return number === undefined ? null : Number(number);
  };
  const look = () => {
    const rows = [...document.querySelectorAll("#state tr")];
    return {
      phase: cells(rows[0])[0], arrived: cells(rows[1])[0],
      locations: cells(rows[3]), outcomes: cells(rows[4]), indices: cells(rows[5]),
      broken: [...document.querySelectorAll("#lamps .broken")].map((lamp) => lamp.dataset.lamp),
      possible: offered().map((button) => [text(button.querySelector(".takes")), thread(button)]),
    };
  };
  const seen = [look()];
  const choice = (button) => [text(button.querySelector(".takes")), thread(button)];
  for (const one of wanted) {
    const buttons = offered();
    const button = typeof one === "number"
      ? buttons[one % buttons.length]
      : buttons.find((other) => String(choice(other)) === String(one));
    if (!button) break;
    const taken = choice(button);
    button.click();
    seen.push({ taken, ...look() });
  }
  return seen;
}"""


def _plain(one: int | tuple[str, int | None]) -> int | list[str | int | None]:
    return one if isinstance(one, int) else list(one)


def _value(text: str) -> str | None:
    return None if text == NONE else text


class Driven:
    """A page in a tab of its own."""

    def __init__(
        self,
        browser: Any,
        file: Path,
        fragment: str = "",
        *,
        scheme: str = "light",
        size: tuple[int, int] = (1280, 800),
    ) -> None:
        width, height = size
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
        )
        self.tab = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.file = file
        self.tab.goto(file.as_uri() + fragment)

    def __enter__(self) -> Driven:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    @property
    def status(self) -> str:
        return str(self.tab.text_content("#status"))

    @property
    def fragment(self) -> str:
        return str(self.tab.evaluate("location.hash"))

    @property
    def verdict(self) -> str:
        return str(self.tab.text_content("#verdict"))

    def press(self, control: str, thread: int | None = None, choice: int = 0) -> None:
        """Press a button of a thread, counted from 1, or of the barrier; greyed or not."""
        lane = "#barrier-controls" if thread is None else f"#lane-{thread - 1}"
        self.tab.locator(f"{lane} [data-control={control}]").nth(choice).click(force=True)

    def walk(
        self, wanted: Sequence[int | tuple[str, int | None]]
    ) -> list[tuple[tuple[str, int | None] | None, Seen]]:
        """Press a button for each number, or for each action and thread that takes it.

        Return each step, and what is seen after it; as far as what is wanted is on offer.
        """
        return [
            (tuple(look["taken"]) if "taken" in look else None, _seen(look))
            for look in self.tab.evaluate(_WALK, list(map(_plain, wanted)))
        ]

    def see(self) -> Seen:
        return self.walk([])[0][1]


def _seen(look: dict[str, Any]) -> Seen:
    indices = [None if _value(index) is None else int(index) for index in look["indices"]]
    outcomes = [_value(outcome) for outcome in look["outcomes"]]
    return Seen(
        look["phase"],
        int(look["arrived"]),
        list(zip(look["locations"], outcomes, indices, strict=True)),
        look["broken"],
        [(action, thread) for action, thread in look["possible"]],
    )
