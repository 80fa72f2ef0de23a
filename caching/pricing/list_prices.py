"""Worth of traffic that costs nothing: local providers at the list price of a hosted model, and sample data.

These amounts are never added to real ones: pages show them, marked, while there are no others.
"""

from __future__ import annotations

from django.db.models import BigIntegerField, Case, F, Sum, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone

from caching.fields import to_nanos
from caching.pricing import prices
from caching.pricing.usage import UNITS

# ISO 4217's code for tests: rows of sample data. No rate converts it, so no total contains it.
SAMPLE_CURRENCY = "XTS"
# Local providers, and the hosted model whose list price shows their worth.
EQUIVALENTS = {"demo": ("openai", "gpt-6-luna"), "espeak": ("openai", "tts-1")}
EXPLANATION = ", ".join(f"{local} as {hosted}/{model}" for local, (hosted, model) in EQUIVALENTS.items())


def summed_nanos() -> Sum:
    """Return the SQL sum of the list prices of local providers, in billionths of a US dollar."""
    table, now = prices.table(), timezone.now()
    cases = []
    for provider, (hosted, model) in EQUIVALENTS.items():
        worth: Combinable = Value(0, output_field=BigIntegerField())
        for unit in UNITS:
            price = table.find(hosted, model, unit, now)
            if price and price.currency == "USD":
                worth = worth + F(unit) * Value(to_nanos(price.amount) // price.per)
        cases.append(When(provider=provider, then=worth))
    return Sum(Case(*cases, default=Value(0), output_field=BigIntegerField()))
