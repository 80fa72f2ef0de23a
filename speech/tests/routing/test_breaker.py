"""When a provider is left alone, and when it is asked again."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from prometheus_client import REGISTRY

from speech import providers
from speech.exceptions import (
    GatewayError,
    ProviderAuthFailed,
    ProviderBadAnswer,
    ProviderNotConfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from speech.metrics import CIRCUIT_OPEN
from speech.routing.breaker import LONGEST_SECONDS, breaker_of, calling, open_circuits

DEMO = providers.get("demo")
LONG = 3600


@pytest.fixture(autouse=True)
def three_failures(settings: Any) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 3
    settings.PROVIDER_BREAKER_SECONDS = LONG


def call(error: Exception | None = None, operation: str = "chat") -> None:
    with calling(DEMO, operation, "demo"):
        if error:
            raise error


def fail(error: Exception, times: int) -> type[GatewayError]:
    """Return what a caller gets for `error`."""
    shown = type(error) if isinstance(error, GatewayError) else ProviderBadAnswer
    for _ in range(times):
        with pytest.raises(shown):
            call(error)
    return shown


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailable("down"),
        ProviderTimeout("silent"),
        ProviderRateLimited("many"),
        ProviderBadAnswer("garbage"),
        TypeError("garbage that our code does not expect"),
    ],
)
def test_so_many_failures_in_a_row_open_it(error: Exception) -> None:
    fail(error, 2)
    call()
    shown = fail(error, 3)
    with pytest.raises(shown, match="temporarily disabled") as refused:
        call()
    assert 0 < (refused.value.retry_after or 0) <= LONGEST_SECONDS


def test_what_does_not_say_that_the_provider_is_unwell_does_not_open_it() -> None:
    for error in (ProviderRejected("no such model"), ProviderBadAnswer("", empty=True), ProviderAuthFailed("key")):
        fail(error, 5)
    call()


def test_a_request_that_is_refused_shows_that_the_provider_is_well() -> None:
    fail(ProviderUnavailable("down"), 2)
    fail(ProviderRejected("no such model"), 1)
    fail(ProviderUnavailable("down"), 2)
    call()


def test_a_provider_that_says_when_to_come_back_is_left_alone_at_once() -> None:
    fail(ProviderRateLimited("slow down", retry_after=40), 1)
    with pytest.raises(ProviderRateLimited) as refused:
        call()
    assert 0 < (refused.value.retry_after or 0) <= 40


def test_only_a_rate_limit_that_says_when_opens_it_at_once() -> None:
    for error in (ProviderUnavailable("down", retry_after=40), ProviderTimeout("silent", retry_after=40)):
        fail(error, 1)
        call()
    fail(ProviderRateLimited("many"), 1)
    call()


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (ProviderRateLimited("slow down", retry_after=40), 40),
        (ProviderRateLimited("slow down", retry_after=0.9), 0.9),
        (ProviderRateLimited("slow down", retry_after=100_000), 300),
        (ProviderUnavailable("down"), 60),
        (ProviderUnavailable("down", retry_after=10), 60),
        (ProviderUnavailable("down", retry_after=90), 90),
        (ProviderUnavailable("down", retry_after=100_000), 300),
    ],
)
def test_it_stays_open_for_as_long_as_was_asked_within_limits(error: GatewayError, wait: float, settings: Any) -> None:
    settings.PROVIDER_BREAKER_SECONDS = 60
    settings.PROVIDER_BREAKER_FAILURES = 1
    fail(error, 1)
    assert wait - 10 < breaker_of("demo", "chat").seconds_left <= wait
    breaker_of("demo", "chat").succeeded()
    assert breaker_of("demo", "chat").seconds_left == 0


def test_the_reason_is_given_without_its_details() -> None:
    fail(ProviderUnavailable("demo is down; status 503; try later"), 3)
    with pytest.raises(ProviderUnavailable) as refused:
        call()
    assert refused.value.message == "demo is down; temporarily disabled after repeated failures"


def test_a_provider_that_asked_to_wait_is_not_said_to_have_failed_repeatedly() -> None:
    fail(ProviderRateLimited("demo rate limit reached", retry_after=40), 1)
    with pytest.raises(ProviderRateLimited) as refused:
        call()
    assert refused.value.message == "demo rate limit reached; temporarily disabled because it asked to wait"


def test_after_a_success_it_takes_as_many_failures_again() -> None:
    fail(ProviderUnavailable("down"), 3)
    breaker_of("demo", "chat").succeeded()
    fail(ProviderUnavailable("down"), 2)
    call()


def test_a_trial_is_admitted_once_in_a_while(settings: Any) -> None:
    settings.PROVIDER_BREAKER_SECONDS = 50
    fail(ProviderUnavailable("down"), 3)
    breaker = breaker_of("demo", "chat")
    breaker._next_trial = time.monotonic()
    breaker.admit()
    assert 40 < breaker.seconds_left <= 50
    with pytest.raises(ProviderUnavailable):
        breaker.admit()


def test_open_circuits_are_listed_and_closed_ones_are_not(settings: Any) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 1
    fail(ProviderUnavailable("down"), 1)
    assert open_circuits() == ["demo keeps failing: circuit for chat is open in 1 worker."]
    CIRCUIT_OPEN.labels("demo", "chat").set(2)
    assert open_circuits() == ["demo keeps failing: circuit for chat is open in 2 workers."]
    breaker_of("demo", "chat").succeeded()
    assert open_circuits() == []


@pytest.mark.parametrize("failures", [0, 3])
def test_a_call_is_timed_with_and_without_a_circuit(settings: Any, failures: int) -> None:
    def calls() -> float:
        labels = {"provider": "demo", "operation": "speech"}
        return REGISTRY.get_sample_value("provider_request_duration_seconds_count", labels) or 0.0

    settings.PROVIDER_BREAKER_FAILURES = failures
    before = calls()
    call(operation="speech")
    assert calls() == before + 1


@pytest.mark.parametrize("failures", [0, 3])
def test_a_provider_without_a_key_is_not_called(settings: Any, failures: int) -> None:
    settings.PROVIDER_BREAKER_FAILURES = failures
    settings.PROVIDERS = {}
    with pytest.raises(ProviderNotConfigured), calling(providers.get("sarvam"), "chat", "sarvam-m"):
        pytest.fail("it was called")


def test_operations_and_providers_are_judged_apart() -> None:
    fail(ProviderUnavailable("down"), 3)
    call(operation="speech")
    assert breaker_of("espeak", "chat").seconds_left == 0 < breaker_of("demo", "chat").seconds_left


def test_one_call_may_try_and_its_success_closes_it(settings: Any) -> None:
    fail(ProviderUnavailable("down"), 3)
    breaker_of("demo", "chat")._next_trial = time.monotonic()
    with calling(DEMO, "chat", "demo"), pytest.raises(ProviderUnavailable, match="temporarily disabled"):
        # Only one at a time: a second one is refused while the first one is under way.
        call()
    call()


def test_a_trial_that_fails_leaves_it_open_and_one_that_never_ends_stops_nobody() -> None:
    fail(ProviderUnavailable("down"), 3)
    breaker = breaker_of("demo", "chat")
    breaker._next_trial = time.monotonic()
    fail(ProviderUnavailable("still down"), 1)
    with pytest.raises(ProviderUnavailable, match="temporarily disabled"):
        call()
    breaker._next_trial = time.monotonic()
    breaker.admit()
    breaker._next_trial = time.monotonic()
    call()
    call()


def test_metrics_count_the_workers_whose_circuit_is_open() -> None:
    def workers() -> float | None:
        return REGISTRY.get_sample_value("provider_circuit_open", {"provider": "demo", "operation": "chat"})

    fail(ProviderUnavailable("down"), 3)
    assert workers() == 1
    assert REGISTRY.get_sample_value("provider_left_alone", {"provider": "demo", "operation": "chat"}) == 1
    breaker_of("demo", "chat").succeeded()
    assert workers() == 0


@pytest.mark.django_db
def test_the_dashboard_lists_open_circuits(client: Browser) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    said = "demo keeps failing: circuit for chat is open in 1 worker."
    fail(ProviderUnavailable("down"), 3)
    assert said in client.get("/admin/").content.decode()
    breaker_of("demo", "chat").succeeded()
    assert said not in client.get("/admin/").content.decode()


def test_it_can_be_switched_off(settings: Any) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 0
    fail(ProviderUnavailable("down"), 10)
    call()
