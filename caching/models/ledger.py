"""Prices and the cost of every request."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import timedelta
from typing import Any, ClassVar, NoReturn, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from caching.fields import NanoDecimalField

WILDCARD = "*"
_UNCHANGEABLE = "Prices cannot be changed. Add a new price with a later start date."
_UNDELETABLE = "Prices cannot be deleted. Add a new price with a later start date."


class Unit(models.TextChoices):
    INPUT_TOKENS = "input_tokens"
    CACHED_INPUT_TOKENS = "cached_input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    CHARACTERS = "characters"
    AUDIO_SECONDS = "audio_seconds"


class Outcome(models.TextChoices):
    EXACT = "exact", "exact hit"
    SEMANTIC = "semantic", "semantic hit"
    MISS = "miss"
    BYPASS = "bypass"
    ERROR = "error"
    # Not requests, but what the cache did on its own account.
    SHADOW = "shadow", "semantic hit in shadow mode, not served"
    JUDGED = "judged", "review by a model"
    NEAR = "near", "near miss, not served"


HITS = (Outcome.EXACT, Outcome.SEMANTIC)
REQUESTS = (*HITS, Outcome.MISS, Outcome.BYPASS, Outcome.ERROR)


def fits_model(pattern: str, model: str) -> bool:
    """Return True if `pattern` is the model's name, or its beginning and WILDCARD."""
    return pattern == model or (pattern.endswith(WILDCARD) and model.startswith(pattern[:-1]))


class PriceQuerySet(models.QuerySet["Price"]):
    """Append-only, so that past costs stay explainable."""

    def update(self, **fields: Any) -> NoReturn:
        raise ValidationError(_UNCHANGEABLE)

    def delete(self) -> NoReturn:
        raise ValidationError(_UNDELETABLE)


class Price(models.Model):
    """Price of one unit of a provider, valid from a date."""

    provider = models.CharField(max_length=50)
    model = models.CharField(
        max_length=200, help_text="The provider's model name. tts-* matches a prefix, * matches every model."
    )
    unit = models.CharField(max_length=20, choices=Unit)
    amount = models.DecimalField(max_digits=18, decimal_places=9, validators=[MinValueValidator(0)])
    per = models.PositiveIntegerField(
        default=1_000_000, validators=[MinValueValidator(1)], help_text="Number of units that the amount buys."
    )
    currency = models.CharField(max_length=3, default="USD")
    valid_from = models.DateTimeField(default=timezone.now)
    source = models.CharField(
        max_length=300, blank=True, help_text="Where and when the price was read, for those who check a bill."
    )

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["provider", "model", "unit", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "model", "unit", "valid_from"], name="one_price_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model}: {self.amount.normalize():f} {self.currency} per {self.per:,} {self.unit}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError(_UNCHANGEABLE)
        self.full_clean()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ValidationError(_UNDELETABLE)

    def clean(self) -> None:
        """Reject a price that starts before the newest known one, and a currency that no rate can name."""
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValidationError({"currency": "Write three capital letters, such as USD."})
        newest = Price.objects.filter(provider=self.provider, model=self.model, unit=self.unit).first()
        if newest and self.valid_from and self.valid_from <= newest.valid_from:
            raise ValidationError({"valid_from": f"must be after {newest.valid_from:%Y-%m-%d %H:%M}, the newest price"})


# Columns that tell totals apart, beside their span of time.
DIMENSIONS = ("cache_type", "outcome", "level", "provider", "model", "client", "currency")


class Dimensions(models.Model):
    cache_type = models.CharField(max_length=3)
    outcome = models.CharField("result", max_length=8, choices=Outcome)
    level = models.CharField(max_length=10, blank=True)
    provider = models.CharField(max_length=50, blank=True)
    model = models.CharField(max_length=200, blank=True)
    client = models.CharField(max_length=100, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="Currency of the amounts; empty without a price.")

    class Meta:
        abstract = True


class Units(models.Model):
    """Billed units; for a hit, those billed when the answer was generated."""

    input_tokens = models.BigIntegerField(default=0)
    cached_input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    characters = models.BigIntegerField(default=0)
    audio_seconds = NanoDecimalField(default=0)

    class Meta:
        abstract = True


class UsageTotals(Dimensions, Units):
    """Totals of all requests of one span of time with the same dimensions."""

    requests = models.BigIntegerField(default=0)
    unpriced = models.BigIntegerField(default=0, help_text="Requests with unknown cost or savings.")
    cost = NanoDecimalField(default=0)
    saved = NanoDecimalField(default=0)
    overhead = NanoDecimalField(default=0, help_text="Part of the cost caused by the cache itself.")
    seconds = models.FloatField(default=0)
    # One column a bucket, because columns can be added to in one statement on every database.
    under_1_ms = models.BigIntegerField(default=0)
    under_5_ms = models.BigIntegerField(default=0)
    under_10_ms = models.BigIntegerField(default=0)
    under_50_ms = models.BigIntegerField(default=0)
    under_100_ms = models.BigIntegerField(default=0)
    under_250_ms = models.BigIntegerField(default=0)
    under_500_ms = models.BigIntegerField(default=0)
    under_1000_ms = models.BigIntegerField(default=0)
    under_2500_ms = models.BigIntegerField(default=0)
    under_5000_ms = models.BigIntegerField(default=0)
    under_10000_ms = models.BigIntegerField(default=0)
    slower = models.BigIntegerField(default=0)

    BUCKETS_MS: ClassVar = (1, 5, 10, 50, 100, 250, 500, 1000, 2500, 5000, 10000)
    BUCKETS: ClassVar = (*(f"under_{most}_ms" for most in BUCKETS_MS), "slower")

    class Meta:
        abstract = True

    @classmethod
    def bucket(cls, seconds: float) -> str:
        """Return the column that counts a request of this duration."""
        return cls.BUCKETS[bisect_right(cls.BUCKETS_MS, seconds * 1000)]


class HourlyUsage(UsageTotals):
    hour = models.DateTimeField()

    KEY: ClassVar = ("hour", *DIMENSIONS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("hour", *DIMENSIONS), name="one_row_an_hour")]
        # The spending of a client is read every two seconds while it has a budget.
        indexes = [
            models.Index(fields=["client", "hour"], name="usage_client_hour"),
            # Sums by hour lack the level: a page of one level reads these rows. With the type, to skip the others.
            models.Index(fields=["level", "hour", "cache_type"], name="usage_level_hour"),
        ]
        verbose_name_plural = "hourly usage"

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.cache_type} {self.outcome}: {self.requests}"


class MinuteUsage(UsageTotals):
    """Totals by minute, so that the last hour can be compared with the one before; deleted after KEPT_FOR."""

    KEPT_FOR: ClassVar = timedelta(hours=3)
    KEY: ClassVar = ("minute", *DIMENSIONS)

    minute = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("minute", *DIMENSIONS), name="one_row_a_minute")]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.cache_type} {self.outcome}: {self.requests}"


class ErrorCount(models.Model):
    """Requests of one minute that ended with the same error."""

    KEY: ClassVar = ("minute", "cache_type", "level", "provider", "model", "client", "code")

    minute = models.DateTimeField()
    cache_type = models.CharField(max_length=3)
    level = models.CharField(max_length=10, blank=True)
    provider = models.CharField(max_length=50, blank=True)
    model = models.CharField(max_length=200, blank=True)
    client = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=50, help_text="Code of the error as the client got it.")
    requests = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "cache_type", "level", "provider", "model", "client", "code"],
                name="one_row_a_minute_and_error",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.provider} {self.code}: {self.requests}"


class CallQuerySet(models.QuerySet["Call"]):
    def matches(self) -> Self:
        """Return the semantic hits and near misses, which reviews refer to."""
        return self.exclude(match="")


class Call(Dimensions, Units):
    """A request that was not an exact hit: its cost, or the reasons for a semantic hit."""

    created = models.DateTimeField()
    key = models.CharField(max_length=500, blank=True)
    question = models.CharField(max_length=300, blank=True, help_text="Start of the question or of the spoken text.")
    matched = models.CharField(max_length=300, blank=True, help_text="Cached question that was matched.")
    similarity = models.FloatField(null=True)
    probability = models.FloatField(null=True, help_text="Estimated probability that the cached answer is correct.")
    reasons = models.JSONField(default=list, help_text="Reasons for the match.")
    seconds = models.FloatField(default=0)
    cost = NanoDecimalField(null=True, help_text="Null if unknown.")
    saved = NanoDecimalField(null=True, help_text="Null if unknown.")
    overhead = NanoDecimalField(default=0)
    match = models.CharField(max_length=16, blank=True, help_text="Semantic hits only: id that reviews refer to.")
    pair = models.CharField(max_length=24, blank=True, help_text="Semantic hits only: hash of both questions.")

    objects = CallQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        indexes = [
            models.Index(fields=["created"], name="call_created"),
            models.Index(fields=["outcome", "created"], name="call_outcome_created"),
            models.Index(fields=["key"], name="call_key"),
            models.Index(fields=["match"], name="call_match"),
        ]

    def __str__(self) -> str:
        return f"{self.created:%Y-%m-%d %H:%M:%S} {self.cache_type} {self.outcome}: {self.question}"


class EntryHits(models.Model):
    """Hits and savings of one entry on one day."""

    day = models.DateField()
    key = models.CharField(max_length=500)
    currency = models.CharField(max_length=3, blank=True)
    cache_type = models.CharField(max_length=3)
    question = models.CharField(max_length=300, blank=True)
    hits = models.BigIntegerField(default=0)
    saved = NanoDecimalField(default=0)

    KEY: ClassVar = ("day", "key", "currency")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "key", "currency"], name="one_row_a_day_and_entry")]
        # The leaders of a day are read from the last two; see caching.reports.leaders.
        indexes = [
            models.Index(fields=["key"], name="entry_hits_key"),
            models.Index(fields=["day", "hits"], name="entry_hits_day_hits"),
            models.Index(fields=["cache_type", "currency", "day", "saved", "hits"], name="entry_hits_day_saved"),
        ]
        permissions = [
            ("view_texts", "Can read and hear cache entries"),
            ("delete_entries", "Can delete cache entries"),
        ]
        verbose_name_plural = "entry hits"

    def __str__(self) -> str:
        return f"{self.day} {self.key}: {self.hits}"
