"""The charts of the dashboard, as a browser draws them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

# Notes for each text that is drawn whether its font was there.
NOTES = """window.fontsThere = [];
const fill = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (...told) {
    fontsThere.push(document.fonts.check(this.font));
    return fill.apply(this, told);
};"""
LABELS = "Chart.getChart(document.querySelector('#chart-latency canvas')).scales.y.ticks.map(tick => tick.label)"
ENDS = "[...document.querySelectorAll('.sg-chart .sg-card-foot')].map(foot => foot.getBoundingClientRect().top)"


@pytest.fixture
def open_tab(staff_server: Server, open_page: Callable[[str, int], Any]) -> Callable[..., Any]:
    def opened(address: str, charts: int, prepare: Callable[[Any], None] = lambda page: None) -> Any:
        assert staff_server.chat("How is it drawn?").status == 200
        page = open_page("light", 1440)
        prepare(page)
        wait_until(lambda: page.goto(address) and page.locator("[data-chart]").count() == charts, pause=0.3)
        return page

    return opened


def test_texts_are_drawn_in_the_font_of_the_page(open_tab: Callable[..., Any]) -> None:
    def come_late(route: Any) -> None:
        time.sleep(0.5)
        route.continue_()

    def prepare(page: Any) -> None:
        page.add_init_script(NOTES)
        page.route("**/Inter-Regular*", come_late)

    page = open_tab("/admin/", 2, prepare)
    page.wait_for_function("fontsThere.length > 0")
    assert page.evaluate("fontsThere.every(Boolean)")


def test_every_line_of_an_axis_of_times_has_a_label(open_tab: Callable[..., Any]) -> None:
    page = open_tab("/admin/?tab=health&cache_type=llm", 1)
    page.wait_for_function("Chart.getChart(document.querySelector('#chart-latency canvas'))")
    labels = page.evaluate(LABELS)
    assert labels and all(label.endswith(("ms", "s")) for label in labels)


def test_charts_beside_each_other_end_on_one_line(open_tab: Callable[..., Any]) -> None:
    # Of minutes the legend of one has two lines.
    ends = open_tab("/admin/?period=1h", 2).evaluate(ENDS)
    assert len(ends) == 2 and abs(ends[0] - ends[1]) < 1
