"""Conditions of alerts: each is a function that yields what is wrong now. CONDITIONS lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from caching.feedback import thresholds
from caching.models import ErrorCount, MinuteUsage, Outcome
from caching.redis import store
from caching.reports import queries
from caching.reports.aggregates import Filters
from caching.reports.period import Period
from speech.budgets import all_budgets

# Provider errors: this share of at least so many calls within the last minutes.
ERROR_SHARE, LEAST_CALLS, ERROR_WINDOW = 0.1, 20, timedelta(minutes=10)
# Hit rate: of at least so many look-ups in the same hours of this week and the last.
LEAST_LOOKUPS, HIT_WINDOW = 100, timedelta(hours=6)
WRONG_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Problem:
    # Client, provider or level; with the condition it names one event.
    subject: str
    message: str


def budget_low() -> Iterator[Problem]:
    yield from _budgets(lambda budget: budget.is_low, "At least 80 % of the {0.period} budget of {1} is spent")


def budget_spent() -> Iterator[Problem]:
    yield from _budgets(lambda budget: budget.is_spent, "Requests of {1} are refused: its {0.period} budget is spent")


def redis_disconnected() -> Iterator[Problem]:
    if store.enabled() and not store.available():
        yield Problem("", "Redis is disconnected: every request is answered by a provider, at full price")


def provider_errors() -> Iterator[Problem]:
    """Errors that clients got; those that a fallback hid are in provider_errors_total alone."""
    since = timezone.now() - ERROR_WINDOW
    tried = MinuteUsage.objects.filter(minute__gte=since, outcome__in=(Outcome.MISS, Outcome.BYPASS, Outcome.ERROR))
    failed = ErrorCount.objects.filter(minute__gte=since, code__startswith="provider_").exclude(
        code="provider_rejected_request"
    )
    errors: dict[str, int] = dict(failed.values_list("provider").annotate(Sum("requests")))
    for provider, calls in tried.values_list("provider").annotate(Sum("requests")):
        share = errors.get(provider, 0) / calls if calls >= LEAST_CALLS else 0.0
        if share > ERROR_SHARE:
            yield Problem(provider, f"{share:.0%} of {calls} calls to {provider} failed within ten minutes")


def hit_rate_halved() -> Iterator[Problem]:
    now = Period.last(HIT_WINDOW)
    week = timedelta(days=7)
    before = Period(now.start - week, now.end - week)
    for kind in ("llm", "tts"):
        rates = [_hit_rate(period, kind) for period in (before, now)]
        if rates[0] is not None and rates[1] is not None and rates[1] < rates[0] / 2:
            yield Problem(kind, f"The {kind} hit rate is {rates[1]:.1%}, a week ago it was {rates[0]:.1%}")


def wrong_answers() -> Iterator[Problem]:
    """Measured by a model on a random sample: an alert once even the lower end of the interval is above the limit."""
    for level, evidence in thresholds.measure(timezone.now() - WRONG_WINDOW).items():
        measured, limit = evidence.per_question, evidence.limit
        if evidence.is_above_limit and measured and limit is not None:
            message = f"At least {measured.low:.1%} of the answers at level {level} are wrong, the limit is {limit:.1%}"
            yield Problem(level, message)


CONDITIONS: tuple[Callable[[], Iterator[Problem]], ...] = (
    budget_low,
    budget_spent,
    redis_disconnected,
    provider_errors,
    hit_rate_halved,
    wrong_answers,
)


def _budgets(applies: Callable[..., bool], message: str) -> Iterator[Problem]:
    for client, budgets in all_budgets().items():
        for budget in filter(applies, budgets):
            spent = f" ({budget.spent:.2f} of {budget.amount})."
            yield Problem(f"{client}, {budget.period}", message.format(budget, client) + spent)


def _hit_rate(period: Period, kind: str) -> float | None:
    figures = queries.summary(period, Filters(cache_type=kind))
    return figures.hit_rate if figures.hits + figures.requests[Outcome.MISS] >= LEAST_LOOKUPS else None
