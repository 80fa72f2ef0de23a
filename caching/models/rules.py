from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from caching.models import client_names
from caching.models.ledger import WILDCARD
from caching.policy import LEVELS

LONGEST_TTL = 30 * 24 * 3600
_LEVELS = [(level, level) for level in LEVELS]


class AppliesTo(models.TextChoices):
    BOTH = "", "answers and speech"
    ANSWERS = "llm", "answers"
    SPEECH = "tts", "speech"


class TextMatch(models.TextChoices):
    CONTAINS = "contains", "contains"
    BEGINS = "begins", "begins with"


class QuestionKind(models.TextChoices):
    MOMENT = "moment", "depends on the moment"
    CHANCE = "chance", "depends on chance"


class CacheRule(models.Model):
    """Decides for some requests whether and how long they are cached. The first enabled rule that matches applies."""

    name = models.CharField(
        max_length=100, unique=True, help_text="Clients read it in the Cache-Status header of their answers."
    )
    enabled = models.BooleanField("on", default=True)
    position = models.PositiveIntegerField(
        blank=True,
        db_index=True,
        help_text="Rules are tried from the lowest to the highest, equal ones in the order of their creation. "
        "Empty: last.",
    )

    applies_to = models.CharField(max_length=3, choices=AppliesTo, default=AppliesTo.BOTH, blank=True)
    client = models.CharField(max_length=100, blank=True, help_text="Name of a client. Empty: every client.")
    provider = models.CharField(max_length=50, blank=True, help_text="Such as openai. Empty: every provider.")
    model = models.CharField(
        max_length=200, blank=True, help_text="gpt-5* means all names that begin so. Empty: every model."
    )
    language = models.CharField(
        max_length=10,
        blank=True,
        help_text="Such as en or hi: as the request names it, else as it is read.",
    )
    text_match = models.CharField("text", max_length=8, choices=TextMatch, blank=True)
    text = models.CharField(
        "words",
        max_length=200,
        blank=True,
        help_text="Compared with the last message, or with the text to speak; capitals do not matter.",
    )
    kind = models.CharField(
        max_length=6,
        choices=QuestionKind,
        blank=True,
        help_text="Such questions are never stored by default. A rule that names their kind is the exception.",
    )

    never_store = models.BooleanField(
        default=False, help_text="Neither look for a stored answer nor store the new one (X-Cache: BYPASS)."
    )
    ttl = models.PositiveIntegerField(
        "time to live",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TTL)],
        help_text="Seconds that a new entry lives. Empty: as its level says.",
    )
    level_at_most = models.CharField(
        max_length=10,
        choices=_LEVELS,
        blank=True,
        help_text="Treat requests of a more generous level as of this one: quality finds the same words only.",
    )
    threshold = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.5), MaxValueValidator(1.0)],
        help_text="Least probability, 0.5 to 1, at which an answer to another question is given. Empty: as learned.",
    )

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A rule without a position comes last."""
        if self.position is None:
            last = CacheRule.objects.aggregate(last=models.Max("position"))["last"]
            self.position = 1 if last is None else last + 1
        super().save(*args, **kwargs)

    def clean(self) -> None:
        errors = {}
        if problem := client_names.problem_with(self.client, self):
            errors["client"] = problem
        if bool(self.text) != bool(self.text_match):
            errors["text"] = "Say both how the text is compared and with which words."
        if self.kind and self.applies_to == AppliesTo.SPEECH:
            errors["kind"] = "Only questions are of a kind."
        others = self.ttl is not None or self.level_at_most or self.threshold is not None
        if self.never_store and others:
            errors["never_store"] = "A rule that never stores has no time to live, level or threshold."
        if not (self.never_store or others):
            errors["never_store"] = "Say what the rule does: never store, a time to live, a level or a threshold."
        if WILDCARD in self.model[:-1]:
            errors["model"] = f"{WILDCARD} may stand only at the end."
        if errors:
            raise ValidationError(errors)

    @property
    def conditions(self) -> str:
        """In words, for the list of rules."""
        named = {name: getattr(self, name) for name in ("client", "provider", "model", "language")}
        found = [
            self.get_applies_to_display() if self.applies_to else "",
            *(f"{name} {value}" for name, value in named.items() if value),
            f'text {self.get_text_match_display()} "{self.text}"' if self.text else "",
            self.get_kind_display() if self.kind else "",
        ]
        return ", ".join(filter(None, found)) or "every request"

    @property
    def action(self) -> str:
        """The same of what it does."""
        found = [
            "never store" if self.never_store else "",
            f"{self.ttl:,} s to live" if self.ttl is not None else "",
            f"level {self.level_at_most} at most" if self.level_at_most else "",
            f"threshold {self.threshold:.0%}" if self.threshold is not None else "",
        ]
        return ", ".join(filter(None, found))
