"""The page in a real browser: what it offers, shows, judges and remembers."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from explore.conftest import SHOWN, AllSteps
from explore.driving import NONE, Driven
from verified_barrier.teaching.barriers import exhibit
from verified_barrier.teaching.explore.export import Graphs, export
from verified_barrier.teaching.explore.packing import DIGITS
from verified_barrier.teaching.explore.page import page
from verified_barrier.teaching.followed import LAMPS, shortest
from verified_barrier.teaching.places import Steps
from verified_barrier.teaching.sizes import Size
from verified_barrier.verification.properties import PROPERTIES, Historian

pytestmark = [
    pytest.mark.check,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("page"),
]
"""The first test of all waits for TLC and for the browser."""

TWO = Size(2, 2, False)
THREE = Size(3, 3, False)
CROSSED = "c1.c2.c3.a3.a2.w3.c3.a3.a1"
"""The run in which two threads of CPython's barrier get the same index."""


def at(key: str, size: Size, run: str = "") -> str:
    return f"#barrier={key}&size={size.key}" + (f"&run={run}" if run else "")


def follow_walk(
    driven: Driven, steps: Steps, size: Size, wanted: Sequence[int | tuple[str, int | None]]
) -> None:
    """Press buttons, and compare all that is shown with the model and with the historian."""
    place = steps.start
    historian = Historian(size.parties, size.has_action, place.judged)
    assert driven.complaints == []
    walked = driven.walk(wanted)
    for taken, seen in walked:
        if taken is not None:
            action, thread = taken
            (place,) = (p for a, t, p in steps.after(place) if (a, t) == (action, thread))
            historian.see(place.judged)
        assert (seen.phase, seen.arrived) == place.scene[:2]
        assert seen.threads == [tuple(thread) for thread in place.scene.threads]
        possible = sorted(((a, t) for a, t, _ in steps.after(place)), key=str)
        assert sorted(seen.possible, key=str) == possible
        assert [name for name in seen.broken if name in PROPERTIES] == historian.violated()
    assert len(walked) == len(wanted) + 1


WALKS = [
    pytest.param(key, size, marks=pytest.mark.full if n else ())
    for key, sizes in SHOWN.items()
    for n, size in enumerate(sizes)
]


@pytest.mark.parametrize(("key", "size"), WALKS, ids=str)
def test_walk_is_a_run_of_the_model(
    key: str, size: Size, browser: Any, page_file: Path, all_steps: AllSteps
) -> None:
    """Buttons are offered, and the state is shown, as the model and its historian have it."""
    chance = random.Random(f"{key} {size}")  # noqa: S311 - nothing is secret here
    with Driven(browser, page_file, at(key, size)) as driven:
        numbers = [chance.randrange(1 << 20) for _ in range(60)]
        follow_walk(driven, all_steps[key, size], size, numbers)
        assert driven.complaints == []


def test_walk_in_a_large_graph(
    browser: Any, graphs: Graphs, all_steps: AllSteps, tmp_path: Path
) -> None:
    """The numbers of its nodes have three digits."""
    small = graphs["ours"][TWO]
    large = replace(small, nodes=small.nodes * 60)
    file = tmp_path / "page.html"
    file.write_text(page(export({"ours": {TWO: large}})), encoding="utf-8")
    with Driven(browser, file, at("ours", TWO)) as driven:
        follow_walk(driven, all_steps["ours", TWO], TWO, range(7, 47))


def _without_a_move(known: dict[str, Any]) -> None:
    """Leave out the last thing that can happen in the first node."""
    (packed,) = known["barriers"][0]["sizes"].values()
    first = packed["choices"][0]
    packed["choices"].append(first[:-1])
    new = DIGITS[len(packed["choices"]) - 1]
    packed["nodes"] = packed["nodes"][:3] + f"0{new}" + packed["nodes"][5:]
    end = 3 * len(first)
    packed["moves"] = packed["moves"][: end - 3] + packed["moves"][end:]


def _in_wrong_slots(known: dict[str, Any]) -> None:
    orders = known["orders"]["3"]
    orders[1], orders[2] = orders[2], orders[1]


def _with_a_dead_lamp(known: dict[str, Any]) -> None:
    (packed,) = known["barriers"][0]["sizes"].values()
    packed["lamps"] = [[] for _ in packed["lamps"]]


@pytest.mark.parametrize("spoil", [_without_a_move, _in_wrong_slots, _with_a_dead_lamp])
def test_wrong_export_is_found(
    spoil: Any, browser: Any, graphs: Graphs, all_steps: AllSteps, tmp_path: Path
) -> None:
    """A move that is missing, threads in the wrong slots, a lamp that never lights."""
    key = "withdraw-leaves-gap"
    run = shortest(graphs[key][THREE], "UniqueIndex")
    assert run is not None
    known = export({key: graphs[key]})
    file = tmp_path / "page.html"
    for is_right in (True, False):
        file.write_text(page(known), encoding="utf-8")
        with (
            Driven(browser, file) as driven,
            nullcontext() if is_right else pytest.raises(AssertionError),
        ):
            follow_walk(driven, all_steps[key, THREE], THREE, run)
        spoil(known)


def test_steps_by_button_and_by_key(browser: Any, page_file: Path) -> None:
    with Driven(browser, page_file, at("ours", Size(2, 2, False))) as driven:
        driven.press("c", 1)
        assert driven.see().threads[0][0] == "CALLING"
        driven.tab.keyboard.press("a")
        assert driven.see().threads[0] == ("WAITING", None, 0)
        for key in "2ca":
            driven.tab.keyboard.press(key)
        assert [thread[1] for thread in driven.see().threads] == ["RELEASED", "RELEASED"]
        driven.tab.keyboard.press("b")
        assert driven.see().phase == "BROKEN"
        driven.press("r")
        assert driven.see().phase == "FILLING"
        assert driven.fragment.endswith("&run=c1.a1.c2.a2.b.r")
        driven.tab.uncheck("#use-keys")
        driven.tab.focus("#undo")
        driven.tab.keyboard.press("b")
        assert driven.see().phase == "FILLING"


def test_arrows_move_between_the_buttons_of_a_thread(browser: Any, page_file: Path) -> None:
    """A thread's buttons take one place in the order of the tabulator."""
    focused = "document.activeElement.dataset.control"
    with Driven(browser, page_file, at("ours", Size(2, 2, False))) as driven:
        driven.tab.keyboard.press("1")
        assert driven.tab.evaluate(focused) == "c"
        for key, control in [("ArrowRight", "a"), ("ArrowLeft", "c"), ("ArrowLeft", "l")]:
            driven.tab.keyboard.press(key)
            assert driven.tab.evaluate(focused) == control
        driven.tab.keyboard.press("Tab")
        lane = "document.activeElement.closest('.lane').id"
        assert driven.tab.evaluate(lane) == "lane-1"


def test_impossible_move_is_greyed_and_says_why(browser: Any, page_file: Path) -> None:
    with Driven(browser, page_file, at("ours", Size(2, 3, True), "c1.a1.c2.a2.c3.a3")) as driven:
        before = driven.see()
        for control, thread, reason in [
            ("c", 1, "it is at WAITING; to call wait() it must be at OUTSIDE"),
            ("t", 1, "in TRIPPING a thread at WAITING cannot time out, only in FILLING"),
            ("a", 3, "in TRIPPING a thread at HELD cannot arrive, only in "),
        ]:
            button = driven.tab.locator(f"#lane-{thread - 1} [data-control={control}]")
            assert button.get_attribute("aria-disabled") == "true"
            driven.press(control, thread)
            assert driven.status.startswith(f"t{thread} cannot ")
            assert reason in driven.status
            assert reason in str(driven.tab.text_content(f"#lane-{thread - 1} .hint"))
            assert reason in str(button.text_content())
        assert driven.see() == before


def test_lock_that_is_held_is_the_reason(browser: Any, page_file: Path) -> None:
    """CPython's abort() has to wait for the action, which runs with the lock held."""
    with Driven(browser, page_file, at("cpython", Size(2, 2, True), "c1.a1.c2.a2")) as driven:
        assert driven.see().phase == "filling (action runs)"
        driven.press("b")
        assert "Nobody can abort the barrier now" in driven.status
        assert "in filling (action runs) nobody can abort" in driven.status


def test_undo_redo_and_start_again(browser: Any, page_file: Path) -> None:
    with Driven(browser, page_file, at("ours", Size(2, 2, False), "c1.a1.c2")) as driven:
        last = driven.see()
        driven.tab.click("#undo")
        driven.tab.keyboard.press("Control+z")
        assert driven.see().threads[0][0] == "CALLING"
        assert driven.fragment.endswith("&run=c1")
        driven.tab.click("#redo")
        driven.tab.keyboard.press("y")
        assert driven.see() == last
        driven.tab.click("#redo", force=True)
        assert driven.status == "There is nothing to redo."
        driven.tab.click("[data-step='1']")
        assert driven.see().threads[0][0] == "CALLING"
        driven.tab.click("#restart")
        assert driven.see().threads[0][0] == "OUTSIDE"
        driven.tab.click("#undo", force=True)
        assert driven.status == "This is the start of the run."
        driven.press("c", 2)  # a step of another kind: what was undone is gone
        driven.tab.click("#redo", force=True)
        assert driven.status == "There is nothing to redo."


def test_address_holds_the_run(browser: Any, page_file: Path) -> None:
    """What is done in one tab is to be seen in another that is given its address."""
    with Driven(browser, page_file, at("release-skips-action", Size(2, 2, True))) as driven:
        for control, thread in [("c", 1), ("a", 1), ("c", 2)]:
            driven.press(control, thread)
        driven.press("a", 2, choice=1)
        assert driven.fragment.endswith("run=c1.a1.c2.a2-2")
        driven.tab.keyboard.press("z")
        driven.tab.keyboard.press("Shift+A")
        assert driven.fragment.endswith("run=c1.a1.c2.a2-2")
        link = str(driven.tab.get_attribute("#link", "href"))
        seen, fragment = driven.see(), driven.fragment
    assert link == fragment
    assert seen.broken == ["ActionBeforeRelease"]
    with Driven(browser, page_file, fragment) as other:
        assert other.see() == seen
        assert other.tab.locator("#run tbody tr").count() == 5
        other.tab.evaluate(f"location.hash = '{at('ours', THREE, 'c2')}'")
        other.tab.wait_for_function(
            "document.querySelector('#status').textContent.includes('t2: Call')"
        )


@pytest.mark.parametrize(
    ("fragment", "says", "steps"),
    [
        (at("ours", THREE, "c1.l1.c2"), "step 2, “l1”, is not possible there", 1),
        (at("ours", THREE, "nonsense"), "step 1, “nonsense”", 0),
        ("#barrier=mine", "There is no barrier “mine”", 0),
        ("#barrier=ours&size=9-9-plain", "size “9-9-plain” is not offered", 0),
    ],
)
def test_wrong_address_is_said_to_be(
    fragment: str, says: str, steps: int, browser: Any, page_file: Path
) -> None:
    with Driven(browser, page_file, fragment) as driven:
        assert says in driven.status
        assert driven.tab.locator("#run tbody tr").count() == steps + 1
        assert driven.complaints == []


def test_lamp_goes_red_and_the_challenge_is_met(browser: Any, page_file: Path) -> None:
    """Two threads of CPython's barrier get the same index; the lamp remembers it."""
    first, _, last = CROSSED.rpartition(".")
    with Driven(browser, page_file, at("cpython", THREE, first)) as driven:
        assert driven.see().broken == []
        assert driven.verdict == "Not met yet."
        driven.press(last[0], int(last[1]))
        seen = driven.see()
        assert seen.broken == ["UniqueIndex"]
        assert [index for _, _, index in seen.threads] == [2, 1, 1]
        assert "Broken now: UniqueIndex. The challenge is met." in driven.status
        assert driven.verdict == "✓ Met, in 9 steps."
        driven.press("b")
        driven.tab.keyboard.press("z")
        for thread in (1, 2, 3):
            driven.press("l", thread)
        lamp = driven.tab.locator("[data-lamp=UniqueIndex]")
        driven.press("l", 2)
        assert "broken at step 9" in str(lamp.text_content())
        driven.tab.click("#restart")
        assert "holds" in str(lamp.text_content())
        assert driven.verdict == "Not met yet."


def test_longer_way_is_told_the_shortest(browser: Any, page_file: Path) -> None:
    run = "b.r.c1.a1.c2.a2.r.d1"
    with Driven(browser, page_file, at("holds-on", Size(1, 2, True), run)) as driven:
        assert driven.see().broken == ["OneAction", "HeldArrives"]
        assert driven.verdict == "✓ Met, in 8 steps; the shortest run takes 6."


@pytest.mark.parametrize(
    ("key", "size"), [(k, s) for k, sizes in SHOWN.items() if k != "ours" for s in sizes], ids=str
)
def test_solution_meets_every_challenge(
    key: str, size: Size, browser: Any, page_file: Path, graphs: Graphs
) -> None:
    with Driven(browser, page_file, at(key, size, "c1")) as driven:
        for number, challenge in enumerate(exhibit(key).challenges):
            run = shortest(graphs[key][size], challenge.violates)
            if driven.tab.locator(f"#task-{number}").count():
                driven.tab.check(f"#task-{number}")
            if run is None:
                assert "there is no run that meets it at this size" in driven.verdict
                continue
            driven.tab.click("#solve")
            assert driven.verdict.startswith(f"✓ Met, in {len(run)} steps")
            assert challenge.violates in driven.see().broken
            driven.tab.click("#mine")
            assert driven.fragment.endswith("&run=c1")


def test_ours_cannot_be_made_to_break_a_promise(browser: Any, page_file: Path) -> None:
    with Driven(browser, page_file) as driven:
        assert "there is no run that meets it at this size" in driven.verdict
        assert driven.tab.locator("#solve").count() == 0
        assert driven.tab.locator("#lamps li").count() == len(LAMPS)


def test_choice_of_barrier_and_size(browser: Any, page_file: Path) -> None:
    """Sizes that are not offered are greyed, and the page says which are."""
    with Driven(browser, page_file) as driven:
        driven.tab.select_option("#threads", "4")
        assert "&run=" not in driven.fragment
        assert driven.fragment == at("ours", Size(4, 4, True))
        assert driven.status == (
            "That size is not offered with this barrier. This is 4 parties, 4 threads, "
            "with an action."
        )
        driven.tab.select_option("#barrier", "holds-on")
        assert driven.fragment == at("holds-on", Size(1, 2, True))
        option = driven.tab.locator("#parties option[value='3']")
        assert option.is_disabled()
        assert option.text_content() == "3 (not with this barrier)"
        assert "1 party and 2 threads, with an action" in str(driven.tab.text_content("#offered"))
        assert "ActionReturnedAfterResetHoldsOn" in str(driven.tab.text_content("#theirs"))


def test_size_that_is_most_like_the_wanted_one(browser: Any, page_file: Path) -> None:
    """What was chosen is kept, and of the rest as much as can be."""
    with Driven(browser, page_file, at("broken-lets-in", Size(2, 2, True))) as driven:
        driven.tab.select_option("#action", "plain")
        assert driven.fragment == at("broken-lets-in", TWO)
        assert driven.status.startswith("The start.")
        driven.tab.select_option("#threads", "3")
        assert driven.fragment == at("broken-lets-in", THREE)
        assert driven.status.startswith("That size is not offered")


def test_same_reasons_in_every_size(browser: Any, page_file: Path) -> None:
    """Whoever would arrive last is not let into the broken barrier, be they two or three."""
    for size, run in ((TWO, "b.c1.a1.c2"), (THREE, "b.c1.a1.c2.a2.c3")):
        last = size.threads
        with Driven(browser, page_file, at("broken-lets-in", size, run)) as driven:
            driven.press("a", last)
            assert driven.status == (
                f"t{last} cannot arrive now: with this count, a thread at CALLING cannot "
                "arrive in BROKEN."
            )


def test_what_is_shown_beside_the_state(browser: Any, page_file: Path) -> None:
    """The line of wait(), the phase and its arrow, what changed, and the run as a diagram."""
    with Driven(browser, page_file, at("ours", Size(2, 3, True), "c1.a1.c2.a2")) as driven:
        current = driven.tab.locator(".code .current")
        texts = [re.sub(r"^\d*\s*", "", text) for text in current.all_text_contents()]
        assert texts[:2] == ["call.acquire()", "self._action()"]
        assert texts[2].startswith("def wait(")
        assert driven.tab.locator(".phase.lit").get_attribute("data-phase") == "TRIPPING"
        assert driven.tab.locator(".arrow.lit").get_attribute("data-arrow") == "FILLING>TRIPPING"
        changed = driven.tab.locator("#state .changed").all_text_contents()
        assert changed == [
            "TRIPPINGbefore: FILLING",
            "2before: 1",
            "ACTINGbefore: CALLING",
            f"1before: {NONE}",
        ]
        row = driven.tab.locator("#run tr.here td").all_text_contents()
        assert row == ["", "ArriveAndAct", "", "TRIPPING 2"]


def test_nothing_is_loaded_and_nothing_can_be(browser: Any, page_file: Path) -> None:
    """The file is the one request; the page itself forbids any other."""
    with Driven(browser, page_file, at("cpython", THREE, CROSSED)) as driven:
        assert [url.partition("#")[0] for url in driven.requests] == [page_file.as_uri()]
        assert driven.complaints == []
        refused = driven.tab.evaluate(
            """() => new Promise((done) => {
              const seen = (event) => done(event.effectiveDirective);
              addEventListener("securitypolicyviolation", seen);
              fetch("http://127.0.0.1:9/").catch(() => {});
            })"""
        )
        assert refused == "connect-src"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(scheme: str, browser: Any, page_file: Path) -> None:
    """By axe's rules, among them the contrast of all text; with a red lamp and greyed buttons."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe: make browser installs it"
    )
    with Driven(browser, page_file, at("cpython", THREE, CROSSED), scheme=scheme) as driven:
        results = axe.Axe().run(driven.tab)
        assert results.violations_count == 0, results.generate_report()


def test_step_is_not_taken_for_a_refusal(browser: Any, page_file: Path) -> None:
    """The button that greys under the pointer says why only when the pointer moves on."""
    with Driven(browser, page_file, at("ours", TWO)) as driven:
        mouse, hint = driven.tab.mouse, driven.tab.locator("#lane-0 .hint")
        box = driven.tab.locator("#lane-0 [data-control=c]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse.click(x, y)
        assert driven.see().threads[0][0] == "CALLING"
        mouse.move(x + 1, y + 1)  # a hand does not hold still
        driven.tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert hint.text_content() == ""
        mouse.move(x + 12, y)
        assert hint.text_content() == "it is at CALLING; to call wait() it must be at OUTSIDE"
        driven.tab.keyboard.press("a")
        assert hint.text_content() == ""
        mouse.move(x, y)
        assert hint.text_content() == "it is at WAITING; to call wait() it must be at OUTSIDE"


FEEDBACK = ("#phase", "#arrived", "#undo", "#status")


def test_phone_shows_what_came_of_a_button_of_the_last_thread(
    browser: Any, page_file: Path
) -> None:
    """Phase, count, status and Undo stay at the top of the screen, and nothing covers them."""
    at_top = """(name) => {
      const { left, right, top, bottom } = document.querySelector(name).getBoundingClientRect();
      const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return bottom <= 130 && found.closest("#bar") !== null;
    }"""
    with Driven(browser, page_file, at("ours", THREE, "c3"), size=(390, 844)) as driven:
        driven.tab.locator("#lane-2").evaluate("(lane) => lane.scrollIntoView({ block: 'end' })")
        driven.press("a", 3)
        assert "t3 is at WAITING" in driven.status
        assert [driven.tab.evaluate(at_top, name) for name in FEEDBACK] == [True] * 4
        driven.tab.click("#undo")
        assert driven.see().threads[2][0] == "CALLING"
        driven.tab.keyboard.press("3")  # the lane of what has the focus is not under the bar
        assert driven.tab.evaluate(
            "document.activeElement.getBoundingClientRect().top"
            " >= document.querySelector('#bar').getBoundingClientRect().bottom"
        )


RUN = "c1.a1.c2.a2.c3.a3.d3.l1"


@pytest.mark.parametrize("width", [360, 390])
def test_run_of_three_threads_fits_a_phone(width: int, browser: Any, page_file: Path) -> None:
    """All lanes and the barrier; no name is broken within a word."""
    with Driven(
        browser, page_file, at("release-skips-action", Size(3, 3, True), RUN), size=(width, 800)
    ) as driven:
        scroller = driven.tab.locator(".scroll", has=driven.tab.locator("#run"))
        assert scroller.evaluate("(s) => s.scrollWidth <= s.clientWidth")
        assert "more" not in str(scroller.get_attribute("class"))
        assert _broken_words(driven) == []


def test_run_of_four_threads_scrolls_on_a_phone(browser: Any, page_file: Path) -> None:
    """The edge fades as long as there is more, and the numbers of the steps stay."""
    left = "document.querySelector('#run [data-step=\"2\"]').getBoundingClientRect().left"
    with Driven(
        browser, page_file, at("ours", Size(4, 4, True), "c1.a1.c2"), size=(390, 800)
    ) as driven:
        scroller = driven.tab.locator(".scroll", has=driven.tab.locator("#run"))
        scroller.and_(driven.tab.locator(".more")).wait_for(timeout=5000)
        before = driven.tab.evaluate(left)
        scroller.evaluate("(s) => s.scrollTo(s.scrollWidth, 0)")
        driven.tab.locator("#run-section .scroll:not(.more)").wait_for(timeout=5000)
        assert driven.tab.evaluate(left) == before


def _broken_words(driven: Driven) -> list[str]:
    """Return the words of actions' names that stand in more than one line."""
    return list(
        driven.tab.evaluate(
            """[...document.querySelectorAll(".takes, .chip")].flatMap((name) =>
              [...name.childNodes].filter((node) => {
                const range = document.createRange();
                range.selectNodeContents(node);
                return node.data && range.getClientRects().length > 1;
              }).map((node) => node.data))"""
        )
    )


def test_four_threads_on_a_desk(browser: Any, page_file: Path) -> None:
    """Keys and numbers of lines are shown, names are whole words, and cut lines have a title."""
    with Driven(browser, page_file, at("ours", Size(4, 4, True), RUN)) as driven:
        for what in (".code li:first-child .number", ".lane [data-control=c] kbd"):
            assert [kbd.is_visible() for kbd in driven.tab.locator(what).all()] == [True] * 4
        assert _broken_words(driven) == []
        assert driven.tab.evaluate(
            """[...document.querySelectorAll(".code li:not(.elided) span:not(.number)")]
              .every((line) => line.title === line.textContent.trim())"""
        )
        assert "1\N{EN DASH}4 a thread, c call wait()" in str(driven.tab.text_content("#legend"))


def test_words_and_sizes(browser: Any, page_file: Path) -> None:
    """Where a thread is, how many threads have a key, and two boxes that are as large."""
    with Driven(browser, page_file, at("cpython", Size(2, 2, True), "c1.a1.c2.a2.d2")) as driven:
        assert driven.status.endswith("t2 is at return.")
        assert str(driven.tab.text_content("#legend")).startswith("1\N{EN DASH}2 a thread")
        sizes = [box.bounding_box() for box in driven.tab.locator("[name=task]").all()]
        assert {(size["width"], size["height"]) for size in sizes} == {(20, 20)}
    with Driven(browser, page_file, at("cpython", Size(1, 1, False))) as driven:
        assert str(driven.tab.text_content("#legend")).startswith("1 a thread")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(width: int, browser: Any, page_file: Path) -> None:
    """Nor is any button smaller than a finger."""
    with Driven(
        browser, page_file, at("ours", Size(4, 4, True), "c1.a1.c2.a2"), size=(width, 740)
    ) as driven:
        assert driven.tab.evaluate("document.documentElement.scrollWidth") == width
        small = driven.tab.evaluate(
            """[...document.querySelectorAll("button, select, label")].filter((element) => {
              const { width, height } = element.getBoundingClientRect();
              return width && (width < 44 || height < 43.5);
            }).map((element) => element.textContent)"""
        )
        assert small == []


def test_theme_can_be_chosen(browser: Any, page_file: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with Driven(browser, page_file) as driven:
        light = driven.tab.evaluate(ground)
        driven.tab.click("#theme")
        dark = driven.tab.evaluate(ground)
        driven.tab.click("#theme")
        assert driven.tab.evaluate(ground) == light != dark
