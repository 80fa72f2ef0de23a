"""Every page in light and dark at three widths: nothing in the console, nothing beside the window, nothing for axe."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from speechsite.tests.screens import traffic
from speechsite.tests.screens.chromium import SCHEMES, WIDTHS, new_page
from speechsite.tests.screens.pages import SCREENS
from speechsite.tests.support.server import Server

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

MOMENT_MS = 3_000
# A colour in the middle of its transition has another contrast. A pulse has no end.
AT_REST = """document.getAnimations().every(
    each => each.playState !== 'running' || each.effect.getComputedTiming().endTime === Infinity)"""
# An icon that the font does not have is shown as its name.
SPELLED_ICONS = """[...document.querySelectorAll('.material-symbols-outlined')].filter(
    each => each.scrollWidth > 2 * parseFloat(getComputedStyle(each).fontSize)).map(each => each.textContent.trim())"""
# Texts in a field that it has no room for.
CLIPPED_PLACEHOLDERS = """[...document.querySelectorAll('input[placeholder]')].filter(field => {
    const pen = document.createElement('canvas').getContext('2d'), style = getComputedStyle(field);
    pen.font = style.font;
    const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return room > 0 && pen.measureText(field.placeholder).width > room;
}).map(field => field.placeholder)"""
# axe does not see what styles write before a cell. Colours of the theme are no rgb() before a canvas has painted them.
FAINT_LABELS = """[...document.querySelectorAll('.sg-stacked td[data-label]')].filter(cell => {
    const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const light = colour => {
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const label = getComputedStyle(cell, '::before');
    const [text, card] = [light(label.color), light(getComputedStyle(cell.closest('.sg-card')).backgroundColor)];
    return label.display !== 'none' && label.content !== 'none' && Math.max(text / card, card / text) < 4.5;
}).map(cell => cell.dataset.label)"""
# Installed by `make axe`; its findings are skipped without.
AXE = settings.BASE_DIR / ".ci" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def faults(page: Any) -> list[str]:
    """Return the faults of accessibility, each with the first place where it is."""
    if not AXE.exists():
        return []
    page.wait_for_function(AT_REST, timeout=MOMENT_MS)
    # Not by a tag: the policy of the pages allows no script inside one.
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def seen_at_all_widths(page: Any) -> list[str]:
    """Return what is wrong with the page that is open."""
    wrong = [f"icon {name} is not in the font: run .ci/fonts.py" for name in page.evaluate(SPELLED_ICONS)]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        try:
            # Charts follow the window a moment later.
            page.wait_for_function(f"document.documentElement.scrollWidth <= {width}", timeout=MOMENT_MS)
        except playwright.TimeoutError:
            wrong.append(f"wider than {width}")
        wrong += [f"no room for '{text}' at {width}" for text in page.evaluate(CLIPPED_PLACEHOLDERS)]
        wrong += [f"label '{text}' is faint at {width}" for text in set(page.evaluate(FAINT_LABELS))]
        if width in (WIDTHS[0], WIDTHS[-1]):
            wrong += [f"{fault} at {width}" for fault in faults(page)]
    return wrong


@pytest.fixture(scope="package")
def used(staff_server: Server, logged_in: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The server has something to show on every page."""
    traffic.fill(staff_server)
    traffic.curate(staff_server, tmp_path_factory.mktemp("curated"))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_fits_is_accessible_and_causes_no_error(
    staff_server: Server, browser: Any, logged_in: Any, used: None, scheme: str
) -> None:
    wrong: dict[str, list[str]] = {}
    page = new_page(browser, staff_server, logged_in, scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for screen in SCREENS:
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        screen.open(page)
        wrong[screen.name] = [*seen_at_all_widths(page), *([] if screen.is_error else complaints)]
        complaints.clear()
    page.context.close()
    assert not any(wrong.values()), "\n".join(f"{name}: {fault}" for name, found in wrong.items() for fault in found)


def test_the_login_is_accessible(staff_server: Server, browser: Any) -> None:
    for scheme in SCHEMES:
        page = new_page(browser, staff_server, scheme=scheme)
        page.goto("/admin/login/")
        assert seen_at_all_widths(page) == []
        page.context.close()


LISTS = ("call", "hourlyusage", "auditentry", "judgement", "price", "curatedanswer", "cacherule")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_filters_of_a_list_are_accessible(
    staff_server: Server, browser: Any, logged_in: Any, used: None, scheme: str
) -> None:
    page = new_page(browser, staff_server, logged_in, scheme)
    wrong, opened = [], 0
    for name in LISTS:
        page.goto(f"/admin/caching/{name}/")
        if (button := page.locator("a", has_text="Filters")).count():
            button.first.click()
            page.locator("#changelist-filter").wait_for()
            # The panel may open under the pointer, and a link change its colour.
            page.mouse.move(0, 0)
            opened += 1
            wrong += [f"{name}: {fault}" for fault in faults(page)]
    page.context.close()
    assert opened >= 5 and not wrong, wrong
