"""Reviews of semantic hits and the threshold changes that followed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Verdict(models.TextChoices):
    RIGHT = "right"
    WRONG = "wrong"


class Judge(models.TextChoices):
    STAFF = "staff"
    CLIENT = "client", "client that received the answer"
    MODEL = "model", "model, random sample"
    PROMOTION = "promotion", "model, selected pair"


MAX_COMMENT = 1000


class JudgementQuerySet(models.QuerySet["Judgement"]):
    def latest_of(self, match: str) -> Judgement | None:
        """Return the review of a match that was given last."""
        return self.filter(match=match).order_by("-pk").first()


class Judgement(models.Model):
    """One review. Rows are only added; `caching.feedback.verdicts` decides which are in force."""

    created = models.DateTimeField(default=timezone.now)
    match = models.CharField(max_length=16, help_text="Id of the semantic hit; see the call with the same value.")
    judge = models.CharField("reviewer", max_length=9, choices=Judge)
    verdict = models.CharField(max_length=5, choices=Verdict)
    level = models.CharField(max_length=10, blank=True)
    client = models.CharField(max_length=100, blank=True, help_text="Client that received the answer.")
    key = models.CharField(max_length=500, help_text="Key of the cached answer.")
    pair = models.CharField(max_length=24, blank=True, help_text="Hash of both questions.")
    question = models.CharField(max_length=300, blank=True)
    matched = models.CharField(max_length=300, blank=True, help_text="Cached question that was matched.")
    probability = models.FloatField(null=True, help_text="Estimated probability that the cached answer is correct.")
    comment = models.CharField(max_length=MAX_COMMENT, blank=True)

    objects = JudgementQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            # Reviews of a period are counted from it alone.
            models.Index(fields=["created", "judge", "verdict", "level"], name="judgement_created"),
        ]
        constraints = [models.UniqueConstraint(fields=["match", "judge", "verdict"], name="one_judgement")]
        verbose_name = "review"

    def __str__(self) -> str:
        return f"{self.judge}: {self.verdict}: {self.question}"


class ScopeThreshold(models.Model):
    """The evidence of one scope, from which its thresholds follow (`caching.semantic.scoring.scope_evidence`)."""

    scope = models.CharField(
        max_length=64, unique=True, help_text="Digest of all that an answer depends on but the question."
    )
    client = models.CharField(max_length=100, blank=True)
    example = models.CharField(max_length=300, blank=True, help_text="The question that was reviewed last.")
    asked = models.BigIntegerField(default=0)
    seen = models.JSONField(default=list, help_text="Questions by the place of their best pair; explained ones first.")
    judged = models.JSONField("reviewed", default=list)
    wrong = models.JSONField(default=list)
    updated = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["-updated", "-pk"]
        verbose_name = "threshold of a scope"
        verbose_name_plural = "thresholds of scopes"

    def __str__(self) -> str:
        return f"{self.client}: {self.example}"


class BarChange(models.Model):
    """A change of a level's threshold. The newest row of a level is in force."""

    created = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=10)
    number = models.PositiveIntegerField(
        help_text="Sequence number within the level; unique, so only one worker can make each change."
    )
    steps = models.SmallIntegerField(help_text="Steps above the built-in threshold.")
    bar = models.FloatField("threshold", help_text="New confidence threshold.")
    judged = models.PositiveIntegerField("reviewed")
    wrong = models.PositiveIntegerField()
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="one_change_at_a_time")]
        verbose_name = "threshold change"

    def __str__(self) -> str:
        return f"{self.created:%Y-%m-%d %H:%M} {self.level} {self.bar:.1%}: {self.reason}"
