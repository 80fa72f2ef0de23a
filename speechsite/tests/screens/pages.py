"""The pages of the site. Every one is tested and pictured: add a page here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ASKED = "Can you tell me where my parcel is?"


def _nothing(page: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Screen:
    # Name of its picture.
    name: str
    path: str
    # Selector of a link on it that leads to the page that is meant.
    follow: str = ""
    # Brings an opened page into the state that is meant.
    prepare: Callable[[Any], None] = _nothing
    # Also pictured as on a phone.
    is_main: bool = False
    # Pictured with sample data alone.
    of_samples: bool = False
    # An error: the browser says so in its console.
    is_error: bool = False

    def open(self, page: Any) -> None:
        page.goto(self.path)
        if self.follow:
            page.goto(page.locator(self.follow).first.get_attribute("href"))
        self.prepare(page)


def _drawer(page: Any) -> None:
    page.locator("tr", has=page.locator(".sg-pill-semantic")).locator("a[data-request]").first.click()
    page.get_by_role("dialog").get_by_text("Ask again in the playground").wait_for()


def _ask(page: Any) -> None:
    page.fill("[name=query]", ASKED)
    for answered in ("hit", "miss"), ("hit",):
        page.locator("button:enabled", has_text="Ask").click()
        page.locator("[data-fill=speech-cache]", has_text=re.compile("|".join(answered))).wait_for()
        page.wait_for_selector("canvas[data-drawn]")
        page.locator("button:enabled", has_text="Ask").wait_for()


def _unfold(page: Any) -> None:
    page.locator(".opblock-summary-control").first.wait_for()


def _sound(page: Any) -> None:
    page.wait_for_selector("canvas[data-drawn]")


SCREENS = (
    Screen("home", "/", is_main=True),
    Screen("dashboard", "/admin/?period=7d", is_main=True, of_samples=True),
    Screen("dashboard-hour", "/admin/?period=1h", of_samples=True),
    Screen("dashboard-health", "/admin/?period=7d&tab=health", is_main=True, of_samples=True),
    Screen("requests", "/admin/requests/", is_main=True),
    Screen("request", "/admin/requests/", prepare=_drawer, is_main=True),
    Screen("playground", "/admin/playground/", prepare=_ask, is_main=True),
    Screen("entries", "/admin/keys/", is_main=True),
    Screen("entry", "/admin/keys/?kind=llm:exact&q=parcel", follow=".sg-key a", is_main=True),
    Screen("sound", "/admin/keys/?kind=tts", follow=".sg-key a", prepare=_sound),
    Screen("curated", "/admin/caching/curatedanswer/"),
    Screen("curated-answer", "/admin/caching/curatedanswer/", follow="th a[href*=curatedanswer]"),
    Screen("calls", "/admin/caching/call/"),
    Screen("reviews", "/admin/reviews/", is_main=True),
    Screen("judgements", "/admin/caching/judgement/"),
    Screen("rules", "/admin/caching/cacherule/"),
    Screen("prices", "/admin/caching/price/"),
    Screen("price", "/admin/caching/price/", follow="th a[href*='caching/price/']"),
    Screen("clients", "/admin/speech/client/"),
    Screen("client", "/admin/speech/client/", follow="th a[href*='speech/client/']", is_main=True),
    Screen("audit", "/admin/caching/auditentry/"),
    Screen("api-docs", "/api/docs/", prepare=_unfold),
    Screen("not-found", "/admin/nowhere/", is_error=True),
)
