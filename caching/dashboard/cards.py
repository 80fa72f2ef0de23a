"""Sentence and cards at the top of the dashboard, compared with the period before."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from caching.models import Outcome
from caching.pricing.list_prices import EXPLANATION
from caching.reports.aggregates import Figures, change, percentile
from caching.templatetags.formatting import count, duration, milliseconds, money, percent

# The headline says how many times faster hits are from here on.
LEAST_TIMES_FASTER = 1.5


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    value: str
    note: str
    # Growth relative to the previous period; for a rate the difference.
    change: float | None = None
    in_points: bool = False
    # `better`, `worse` or `neither`.
    more_is: str = "better"
    badge: str = ""

    @property
    def trend(self) -> str:
        if self.change is None or self._rounds_to_zero or self.more_is == "neither":
            return ""
        return self.more_is if self.change > 0 else {"better": "worse", "worse": "better"}[self.more_is]

    @property
    def change_text(self) -> str:
        if self.change is None:
            return ""
        size = f"{abs(self.change) * 100:,.1f} pts" if self.in_points else f"{abs(self.change):,.0%}"
        sign = "±" if self._rounds_to_zero else "−" if self.change < 0 else "+"
        return f"{sign}{size}"

    @property
    def _rounds_to_zero(self) -> bool:
        return self.change is not None and abs(self.change) < (0.0005 if self.in_points else 0.005)


def headline(now: Figures) -> list[str]:
    """Return the sentences that say what the cache was worth; none without requests."""
    if not now.total:
        return []
    saved, spent = (now.list_saved, now.list_spent) if now.at_list_prices else (now.saved, now.spent)
    sentences = []
    if saved > 0:
        whole = saved + spent
        begin = "At list prices, you would have saved" if now.at_list_prices else "You saved"
        sentences.append(f"{begin} {money(saved)} of {money(whole)} ({float(saved / whole):.0%}).")
    elif saved < 0:
        sentences.append(f"The cache cost {money(-saved)} more than it saved.")
    if now.hit_rate is not None:
        faster = now.times_faster
        requests = "request" if now.total == 1 else "requests"
        ending = f", {faster:,.0f} times faster" if faster and faster >= LEAST_TIMES_FASTER else ""
        sentences.append(f"{now.hits / now.total:.0%} of {count(now.total)} {requests} came from the cache{ending}.")
    return sentences


def savings(now: Figures, before: Figures) -> list[Card]:
    gained = now.hit_rate - before.hit_rate if now.hit_rate is not None and before.hit_rate is not None else None
    return [
        Card(
            "Hit rate",
            percent(now.hit_rate),
            f"{count(now.hits)} of {count(now.looked_up)} lookups",
            gained,
            in_points=True,
        ),
        *(_list_price_cards(now, before) if now.at_list_prices else _money_cards(now, before)),
        Card(
            "Requests",
            count(now.total),
            f"{count(now.tokens_served)} tokens from the cache, {count(now.tokens_billed)} billed",
            change(now.total, before.total),
            more_is="neither",
        ),
    ]


def health(now: Figures, before: Figures) -> list[Card]:
    rates = now.error_rate, before.error_rate
    return [
        Card(
            "Errors",
            percent(now.error_rate),
            f"{count(now.requests[Outcome.ERROR])} of {count(now.total)} requests",
            rates[0] - rates[1] if rates[0] is not None and rates[1] is not None else None,
            in_points=True,
            more_is="worse",
        ),
        _time_card("Hits answered in", now.hit_times, before.hit_times),
        _time_card("Misses answered in", now.miss_times, before.miss_times),
        Card(
            "Time saved",
            duration(now.seconds_saved),
            "that callers did not wait",
            change(now.seconds_saved, before.seconds_saved),
        ),
    ]


def _time_card(title: str, now: dict[str, int], before: dict[str, int]) -> Card:
    median, earlier = percentile(now, 0.5), percentile(before, 0.5)
    return Card(
        title,
        milliseconds(median),
        f"median; 95% in {milliseconds(percentile(now, 0.95))}",
        change(median, earlier) if median is not None and earlier else None,
        more_is="worse",
    )


def _money_cards(now: Figures, before: Figures) -> list[Card]:
    note = f"net of {money(now.overhead)} cache overhead" if now.overhead else "not paid to providers"
    if now.list_saved:
        apart = "sample data" if now.mark == "sample data" else "local providers"
        note += f"; {apart} not included ({money(now.list_saved)} at list prices)"
    without = f"{money(now.spent + max(now.saved, Decimal(0)))} without a cache"
    if now.unpriced:
        without += f"; excludes {count(now.unpriced)} unpriced requests"
    return [
        Card("Money saved", money(now.saved), note, change(now.saved, before.saved)),
        Card("Money spent", money(now.spent), without, change(now.spent, before.spent), more_is="worse"),
    ]


def _list_price_cards(now: Figures, before: Figures) -> list[Card]:
    """Nothing was paid: show the worth of the same traffic at a hosted provider, marked as such."""
    whole = now.list_spent + now.list_saved
    share = f", {percent(float(now.list_saved / whole))} of {money(whole)}" if whole else ""
    is_invented = now.mark == "sample data"
    saved_note = "invented" if is_invented else "if a hosted provider had answered"
    spent_note = "nothing was paid: " + ("invented traffic" if is_invented else EXPLANATION)
    saved, spent = change(now.list_saved, before.list_saved), change(now.list_spent, before.list_spent)
    return [
        Card("Money saved", money(now.list_saved), f"{saved_note}{share}", saved, badge=now.mark),
        Card("Money spent", money(now.list_spent), spent_note, spent, more_is="worse", badge=now.mark),
    ]
