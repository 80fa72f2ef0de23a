"""One server and one browser for all tests of pages."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from speech.tests.loopback import FakeOpenAI
from speechsite.tests.plugin import PASSWORD
from speechsite.tests.screens.chromium import PROGRAM, chromium, log_in, new_page
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server


@pytest.fixture(scope="package")
def staff_server(tmp_path_factory: pytest.TempPathFactory, server_redis: RedisServer) -> Iterator[Server]:
    """A server of its own, because it finds answers by meaning; ended with the last page, for idle workers cost too.

    A loopback OpenAI hears for it.
    """
    if not PROGRAM:
        pytest.skip("there is no chromium on this machine")
    url = f"redis://:{PASSWORD}@127.0.0.1:{server_redis.port}/1"
    with FakeOpenAI() as loopback:
        openai = {"OPENAI_API_KEY": "sk-loopback-secret", "OPENAI_BASE_URL": f"{loopback.url}/v1"}
        running = Server(tmp_path_factory.mktemp("browser"), {"REDIS_URL": url, **openai}, first_user=True)
        yield running
        running.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Ends with the last test of a page: Playwright runs an event loop in this thread, where Django refuses queries."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def logged_in(staff_server: Server, browser: Any) -> Any:
    """The cookies of staff."""
    page = new_page(browser, staff_server)
    state = log_in(page, staff_server)
    page.context.close()
    return state


@pytest.fixture
def open_page(staff_server: Server, browser: Any, logged_in: Any) -> Iterator[Callable[[str, int], Any]]:
    """A page on which staff are logged in; every message of its console is an error of the test."""
    complaints: list[str] = []
    with contextlib.ExitStack() as cleanup:

        def opened(scheme: str, width: int) -> Any:
            page = new_page(browser, staff_server, logged_in, scheme, width)
            cleanup.callback(page.context.close)
            page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
            page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
            page.goto("/admin/")
            return page

        yield opened
    assert complaints == []
