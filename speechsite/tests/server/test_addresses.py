from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from speechsite.server.addresses import network_of
from speechsite.views import _waiting

PROXY, SECOND, VISITOR = "10.0.0.1", "10.0.0.2", "203.0.113.7"
addresses = st.one_of(st.ip_addresses().map(str), st.text(max_size=20))


@pytest.fixture(autouse=True)
def trusted(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.0/24"), ipaddress.ip_network("fd00::/8")]


def seen(peer: str, forwarded: str | None = None) -> str:
    return network_of({"REMOTE_ADDR": peer} | ({} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (VISITOR, None, VISITOR),
        (VISITOR, "1.2.3.4", VISITOR),
        (PROXY, None, PROXY),
        (PROXY, VISITOR, VISITOR),
        (PROXY, f"1.2.3.4, {VISITOR}", VISITOR),
        (PROXY, f"10.0.0.9, {VISITOR}", VISITOR),
        (PROXY, f"1.2.3.4, {VISITOR}, {SECOND}", VISITOR),
        (PROXY, f"{VISITOR}:5123", VISITOR),
        (PROXY, "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
        (PROXY, '"2001:db8:1:2:3::4"', "2001:db8:1:2::/64"),
        ("fd00::1", VISITOR, VISITOR),
        ("::ffff:10.0.0.1", VISITOR, VISITOR),
        (f"::ffff:{VISITOR}", "1.2.3.4", VISITOR),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{VISITOR}, garbage", PROXY),
        (PROXY, ",,,", PROXY),
        (PROXY, SECOND, SECOND),
    ],
)
def test_the_address_is_that_which_a_trusted_proxy_saw(peer: str, forwarded: str | None, address: str) -> None:
    assert seen(peer, forwarded) == address


@hypothesis_settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(addresses, max_size=5))
def test_what_a_visitor_writes_itself_changes_nothing(spoofed: list[str]) -> None:
    assert seen(VISITOR, ", ".join(spoofed)) == VISITOR
    assert seen(PROXY, ", ".join([*spoofed, VISITOR])) == VISITOR


def test_without_trusted_proxies_the_header_is_not_read(settings: Any) -> None:
    settings.TRUSTED_PROXIES = []
    assert seen(PROXY, VISITOR) == PROXY


@pytest.mark.django_db
def test_one_visitor_behind_a_proxy_locks_out_nobody_else(redis_client: Any) -> None:
    def attempt(number: int, forwarded: str) -> float:
        factory = RequestFactory(REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded)
        return _waiting(factory.post("/admin/login/", {"username": f"user{number}"}))

    waits = [attempt(number, f"198.51.100.{number}, {VISITOR}") for number in range(31)]
    assert [seconds > 0 for seconds in waits] == [False] * 30 + [True]
    assert attempt(99, "203.0.113.8") == 0
