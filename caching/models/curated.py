from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from caching.models import client_names

# Between the wordings of one answer in a file.
SEPARATOR = "|"
_LANGUAGE = RegexValidator(r"\A[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*\Z", "A language is a code such as en or hi.")

_VOICE = RegexValidator(r"\A[^:\s]+:\S.*\Z", "A voice is a provider and its voice, such as openai:alloy.")


class CuratedQuerySet(models.QuerySet["CuratedAnswer"]):
    def version(self) -> Sequence[tuple[int, object]]:
        """A value that differs after every change, without the texts."""
        return list(self.order_by("pk").values_list("pk", "updated"))

    def beside(self, answer: CuratedAnswer) -> list[CuratedAnswer]:
        """Return the other answers for the same client, context and language."""
        others = self.filter(client=answer.client, context=answer.context).exclude(pk=answer.pk)
        return [each for each in others if each.main_language == answer.main_language]

    def of(self, client: str) -> Self:
        """Return the answers of one client, or with "" those for all clients that share."""
        return self.filter(client=client)

    def written(self) -> Self:
        """Leave out pinned answers, which a file cannot hold: they depend on more than their wordings."""
        return self.filter(context="")


class CuratedAnswer(models.Model):
    """An answer that staff wrote for a question. It is served before the cache and never expires."""

    wordings = models.TextField(
        "questions",
        help_text="One wording of the question per line. Each gets the answer, and so do questions in the same words.",
    )
    answer = models.TextField()
    language = models.CharField(
        max_length=20,
        blank=True,
        validators=[_LANGUAGE],
        help_text="A code such as en or hi. Requests that name another language do not get the answer. Empty: any.",
    )
    # The database has the default too: an older version that runs beside this one does not name the column.
    voice = models.CharField(
        max_length=150,
        blank=True,
        default="",
        db_default="",
        validators=[_VOICE],
        help_text="For example openai:alloy: manage.py curate --speak stores its audio in advance. "
        "Empty: spoken on request.",
    )
    client = models.CharField(
        max_length=100, blank=True, help_text="Name of a client. Empty: every client in the shared scope."
    )
    # The database has the default too: an older version that runs beside this one does not name the column.
    context = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="Digest of model, system prompt, earlier turns and parameters of the entry that was pinned. Empty: "
        "answers a question by itself.",
    )
    enabled = models.BooleanField("on", default=True)
    updated = models.DateTimeField(auto_now=True)

    objects = CuratedQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        # Stands in the audit log, which holds no text.
        return f"Answer {self.pk}"

    @property
    def each_wording(self) -> list[str]:
        return nfc(self.wordings).splitlines()

    @property
    def question(self) -> str:
        """The first wording."""
        return next(iter(self.each_wording), "")

    @property
    def is_pinned(self) -> bool:
        return bool(self.context)

    @property
    def main_language(self) -> str:
        return main_language(self.language)

    def clean(self) -> None:
        self.wordings = "\n".join(distinct(self.wordings.splitlines()))
        if problem := client_names.problem_with(self.client, self):
            raise ValidationError({"client": problem})
        if self.voice and not self.client:
            raise ValidationError({"voice": "Only the answers of a client can be spoken ahead."})
        if SEPARATOR in self.wordings:
            raise ValidationError({"wordings": f"{SEPARATOR} separates wordings in files, so none may contain it."})
        taken = {wording for other in CuratedAnswer.objects.beside(self) for wording in other.each_wording}
        if twice := next((wording for wording in self.each_wording if wording in taken), ""):
            raise ValidationError({"wordings": f'"{twice}" already has another answer.'})


def main_language(code: str) -> str:
    """Return `en` for `en-IN`, and `hi` for `hi_latn`, which is Hindi in Latin letters."""
    return re.split("[-_]", code.lower())[0]


def nfc(text: str) -> str:
    """Return `text` with "ü" as one character, which some systems write as a letter and its mark."""
    return unicodedata.normalize("NFC", text)


def distinct(wordings: Iterable[str]) -> list[str]:
    """Return the wordings in NFC, without outer white space, empty ones and repetitions."""
    return list(dict.fromkeys(filter(None, (nfc(wording).strip() for wording in wordings))))
