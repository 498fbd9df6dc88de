"""The page of a report in a real browser: it draws everything, asks nobody, and works for everyone.

Screenshots are kept in ``build/screenshots``.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from synthkit.report import write_report
from synthkit.report.compared import comparison_html
from synthkit.report.comparison import compare
from tests.core.report_pages import HOSTILE, LONG, hostile_report, report, wide_report

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
CHROMIUM = shutil.which("chromium")
SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
LACKING = [name for name, there in (("playwright", find_spec("playwright")), ("chromium", CHROMIUM)) if not there]

pytestmark = pytest.mark.skipif(
    bool(LACKING) and os.environ.get("CI") != "true", reason=f"{' and '.join(LACKING)} is not installed"
)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright  # where CI lacks it, this fails, as it must

    with sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=CHROMIUM, args=SWITCHES.split())
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, made in (("report", report()), ("hostile", hostile_report()), ("wide", wide_report())):
        (folder / name).mkdir()
        write_report(folder / name, made)
    (folder / "compared").mkdir()
    runs = [
        replace(report().run, plugin="cart"),
        replace(report(passed=True).run, plugin=HOSTILE, timings={"fit": 90.0}),
    ]
    (folder / "compared" / "report.html").write_text(comparison_html(compare(runs)), "utf-8")
    return folder


@pytest.fixture
def opened(browser, pages):
    """Open a page and take care that it says, fetches and asks nothing."""
    tabs, heard = [], []

    def open_page(name, width=1280, scheme="light", anchor=""):
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        address = (pages / name / "report.html").as_uri() + anchor
        tab.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: heard.append(str(error)))
        tab.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: heard.append(request.url) if request.url != address else None)
        tab.goto(address)
        tabs.append(tab)
        return tab

    yield open_page
    for tab in tabs:
        tab.close()
    assert heard == []


def draw_all(tab):
    tab.evaluate("() => synthkit.all()")
    states = tab.evaluate("() => [...document.querySelectorAll('[data-chart]')].map(place => place.dataset.drawn)")
    assert states == ["yes"] * len(states)
    return len(states)


def keep(tab, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["report", "hostile", "compared"])
def test_everything_is_drawn_within_the_width_of_the_window(opened, name, width, scheme):
    tab = opened(name, width, scheme)
    assert draw_all(tab) >= 1
    for details in tab.query_selector_all("details"):
        details.evaluate("part => part.open = true")
    keep(tab, f"{name}-{width}-{scheme}")
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    charts = tab.evaluate(
        "() => [...document.querySelectorAll('[data-chart]')]"
        ".filter(place => place.querySelector('svg').getBoundingClientRect().width > place.clientWidth + 1).length"
    )
    assert charts == 0


def test_the_colours_follow_the_reader_and_paper_is_white(opened):
    tab = opened("report", scheme="dark")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    ink = "() => getComputedStyle(document.querySelector('svg text')).fill"
    draw_all(tab)
    dark = tab.evaluate(ground), tab.evaluate(ink)
    tab.emulate_media(media="print")
    keep(tab, "report-print")
    printed = tab.evaluate(ground), tab.evaluate(ink)
    assert dark[0] != printed[0] == "rgb(255, 255, 255)"
    assert dark[1] != printed[1]
    assert not tab.is_visible("nav")


@pytest.mark.parametrize("name", ["report", "compared"])
def test_nothing_in_a_chart_stays_black_in_the_dark(opened, name):
    tab = opened(name, scheme="dark")
    draw_all(tab)
    black = tab.evaluate(
        """() => [...document.querySelectorAll(".plot svg text, .plot svg line, .plot svg path, .plot svg rect")]
            .filter(part => part.getBoundingClientRect().width + part.getBoundingClientRect().height > 1)
            .filter(part => [getComputedStyle(part).fill, getComputedStyle(part).stroke].includes("rgb(0, 0, 0)"))
            .filter(part => getComputedStyle(part).opacity !== "0" && part.getAttribute("aria-hidden") !== "true")
            .map(part => part.outerHTML)"""
    )
    assert black == []


def test_hostile_names_are_text(opened):
    tab = opened("hostile")
    draw_all(tab)
    headings = tab.evaluate("() => [...document.querySelectorAll('h3, h4')].map(part => part.textContent)")
    assert HOSTILE in headings
    assert LONG in headings
    assert tab.evaluate("() => document.querySelectorAll('script').length") == 3
    assert tab.evaluate("() => document.querySelectorAll('img, iframe, object, [onerror]').length") == 0
    assert "<script>" in tab.evaluate("() => [...document.querySelectorAll('svg')].map(s => s.textContent).join()")


def test_nothing_but_our_own_scripts_can_run(browser, pages):
    tab = browser.new_page()
    tab.goto((pages / "report" / "report.html").as_uri())
    refused = tab.evaluate(
        """() => new Promise(done => {
            document.addEventListener("securitypolicyviolation", event => done(event.violatedDirective));
            const added = document.createElement("script");
            added.textContent = "window.stranger = 1";
            document.body.append(added);
        })"""
    )
    assert refused == "script-src-elem"
    assert tab.evaluate("() => window.stranger") is None
    policy = tab.get_attribute("meta[http-equiv]", "content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    tab.close()


def test_the_keyboard_reaches_everything_that_can_be_opened(opened):
    tab = opened("report")
    tab.keyboard.press("Tab")
    assert tab.evaluate("() => document.activeElement.textContent") == "To the content"
    assert tab.evaluate("() => document.activeElement.getBoundingClientRect().left") >= 0
    tab.focus("figure summary")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("figure details table td")
    reached = set()
    for _ in range(400):
        tab.keyboard.press("Tab")
        reached.add(
            tab.evaluate("() => document.activeElement.tagName + document.activeElement.textContent.slice(0, 40)")
        )
        if tab.evaluate("() => document.activeElement.id === 'print'"):
            break
    else:
        pytest.fail("the last button is never reached")
    assert tab.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_screen_readers_are_told_what_there_is(opened):
    tab = opened("report")
    draw_all(tab)
    labels = tab.evaluate("() => [...document.querySelectorAll('.plot')].map(plot => plot.getAttribute('aria-label'))")
    assert all(labels)
    levels = tab.evaluate("() => [...document.querySelectorAll('h1, h2, h3, h4')].map(part => +part.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert tab.evaluate("() => [...document.querySelectorAll('table')].every(table => table.tHead)")
    assert tab.evaluate("() => document.documentElement.lang") == "en"


def test_times_are_told_as_dates(opened):
    tab = opened("report")
    tab.evaluate("() => document.querySelectorAll('details[data-table]').forEach(part => part.open = true)")
    tab.wait_for_selector("figure details table")
    cells = tab.evaluate("() => [...document.querySelectorAll('figure td')].map(cell => cell.textContent)")
    assert any(cell.startswith("2020-") for cell in cells)


def test_of_many_columns_only_what_comes_near_is_drawn(opened):
    tab = opened("wide")
    tab.wait_for_function("() => document.querySelectorAll('[data-drawn=yes]').length > 0")
    count = "() => document.querySelectorAll('[data-drawn]').length"
    assert tab.evaluate(count) < 40
    last = tab.query_selector_all("details.page")[-1]
    assert last.query_selector("[data-drawn]") is None
    last.query_selector("summary").click()
    last.scroll_into_view_if_needed()
    last.wait_for_selector("[data-drawn=yes]")
    assert tab.evaluate(count) < 80
    keep(tab, "wide")


def test_a_link_opens_what_it_leads_into(opened):
    tab = opened("wide")
    place = tab.query_selector_all("details.page")[-1].query_selector("figure").get_attribute("id")
    assert not tab.is_visible(f"#{place}")
    tab.evaluate(f"() => {{ location.hash = '{place}' }}")
    tab.wait_for_selector(f"#{place} [data-drawn=yes]")


def test_panels_stand_below_each_other_where_the_window_becomes_narrow(opened):
    tab = opened("report")
    draw_all(tab)
    tab.set_viewport_size({"width": 390, "height": 900})
    tab.wait_for_timeout(1000)
    tab.wait_for_function("() => !document.querySelector('[data-chart]:not([data-drawn=yes])')")
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 390
