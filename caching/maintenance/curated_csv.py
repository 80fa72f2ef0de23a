"""Curated answers as CSV: one answer a row, its wordings separated by `|`."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction

from caching.maintenance import spreadsheets
from caching.maintenance.spreadsheets import Unreadable
from caching.models import CuratedAnswer
from caching.models.curated import SEPARATOR, distinct, main_language

COLUMNS = ("wordings", "answer", "language", "voice")
# As the lists of questions and answers that people have name them.
_ALSO_NAMED = {"question": "wordings", "questions": "wordings", "wording": "wordings", "answers": "answer"}


@dataclass(frozen=True, slots=True)
class CuratedRow:
    line: int
    wordings: Sequence[str]
    answer: str
    language: str
    voice: str

    @property
    def claims(self) -> list[tuple[str, str]]:
        """Language and text of each wording, which only one answer may have."""
        return [(main_language(self.language), wording) for wording in self.wordings]


@dataclass(slots=True)
class Report:
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    """Line and problem."""


@transaction.atomic
def load(text: str, client: str) -> Report:
    """Store the rows of a file for `client`, or with "" for all clients that share.

    A row updates the answer that has its first wording, or else any of its wordings. Other answers stay. Raises
    Unreadable.
    """
    report = Report()
    existing = _by_claim(client)
    matched: set[int] = set()
    pairs = []
    for row in _without_repeats(_rows(text, report), report):
        answer = next((existing[claim] for claim in row.claims if claim in existing), None)
        if answer is None or answer.pk in matched:
            answer = CuratedAnswer(client=client)
        else:
            matched.add(answer.pk)
        pairs.append((row, answer))
    for row, answer in pairs:
        if row.voice and not client:
            report.bad.append((row.line, "only the answers of a client can be spoken ahead"))
            continue
        others = (wording for claim in row.claims if _is_taken(existing.get(claim), matched) for wording in claim[1:])
        if taken := next(others, ""):
            report.bad.append((row.line, f'"{taken}" belongs to an answer that no row of this file updates'))
        else:
            _save(row, answer, report)
    report.bad.sort()
    return report


def dump(client: str) -> str:
    """Return the enabled answers of `client`, or with "" those of all clients that share, in the form of `load`."""
    answers = CuratedAnswer.objects.of(client).written().filter(enabled=True)
    rows = ([SEPARATOR.join(each.each_wording), each.answer, each.language, each.voice] for each in answers)
    return spreadsheets.written([COLUMNS, *rows])


def _rows(text: str, report: Report) -> Iterator[CuratedRow]:
    """Yield the rows that can be stored; the others go to the report."""
    reader = spreadsheets.reader(text)
    try:
        header = _header(next(reader, []))
        begun = reader.line_num + 1
        for cells in reader:
            line, begun = begun, reader.line_num + 1
            if not any(map(str.strip, cells)):
                continue
            if not any(map(str.strip, cells[len(header) :])):
                del cells[len(header) :]
            if len(cells) != len(header):
                report.bad.append((line, f"{len(cells)} cells for {len(header)} columns"))
                continue
            named = dict(zip(header, map(str.strip, cells), strict=True))
            row = CuratedRow(
                line,
                _wordings_of(named["wordings"]),
                named["answer"],
                named.get("language", ""),
                named.get("voice", ""),
            )
            if problem := _problem_of(row):
                report.bad.append((line, problem))
            else:
                yield row
    except csv.Error as error:
        raise Unreadable(f"line {reader.line_num}: {error}") from error


def _header(cells: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in cells]
    # Spreadsheets also write the empty columns to the right of the table.
    while names and not names[-1]:
        names.pop()
    header = [_ALSO_NAMED.get(name, name) for name in names]
    if not {"wordings", "answer"} <= set(header) <= set(COLUMNS) or len(set(header)) < len(header):
        found = f", not {', '.join(names)}" if names else ""
        raise Unreadable(f"its first line must name the columns {', '.join(COLUMNS)}{found}")
    return header


def _wordings_of(cell: str) -> list[str]:
    return distinct(" ".join(wording.splitlines()) for wording in cell.split(SEPARATOR))


def _problem_of(row: CuratedRow) -> str:
    if not row.wordings:
        return "no wording"
    if not row.answer:
        return "no answer"
    if "\0" in "".join((*row.wordings, row.answer)):
        return "a NUL character"
    try:
        CuratedAnswer(language=row.language, voice=row.voice).clean_fields(exclude={"wordings", "answer"})
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _without_repeats(rows: Iterator[CuratedRow], report: Report) -> Iterator[CuratedRow]:
    """Yield the rows of which no wording stands in a row above."""
    lines: dict[tuple[str, str], int] = {}
    for row in rows:
        if twice := next((claim for claim in row.claims if claim in lines), None):
            report.bad.append((row.line, f'"{twice[1]}" is on line {lines[twice]} too'))
            continue
        lines.update(dict.fromkeys(row.claims, row.line))
        yield row


def _by_claim(client: str) -> dict[tuple[str, str], CuratedAnswer]:
    """Of two answers with the same wording the first holds, which is the one that is served."""
    return {
        (answer.main_language, wording): answer
        for answer in CuratedAnswer.objects.of(client).written().reverse()
        for wording in answer.each_wording
    }


def _is_taken(answer: CuratedAnswer | None, matched: set[int]) -> bool:
    return answer is not None and answer.pk not in matched


def _save(row: CuratedRow, answer: CuratedAnswer, report: Report) -> None:
    new = {"wordings": "\n".join(row.wordings), "answer": row.answer, "language": row.language, "voice": row.voice}
    if all(getattr(answer, name) == value for name, value in new.items()):
        report.unchanged += 1
        return
    if answer.pk is None:
        report.added += 1
    else:
        report.updated += 1
    for name, value in new.items():
        setattr(answer, name, value)
    answer.save()
