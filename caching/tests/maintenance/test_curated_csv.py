"""Curated answers from and to CSV."""

from __future__ import annotations

import csv
import sys
import unicodedata
from io import StringIO
from itertools import permutations
from pathlib import Path
from typing import Literal

import pytest
from django.core.management import CommandError, call_command

from caching.maintenance.curated_csv import dump, load
from caching.maintenance.spreadsheets import Unreadable
from caching.models import AuditEntry, CuratedAnswer

pytestmark = pytest.mark.django_db
HEADER = "wordings,answer,language\n"


def counts(text: str, client: str = "") -> tuple[int, int, int]:
    report = load(text, client)
    assert report.bad == []
    return report.added, report.updated, report.unchanged


def stored(client: str = "") -> list[tuple[list[str], str, str]]:
    return [(each.each_wording, each.answer, each.language) for each in CuratedAnswer.objects.of(client)]


def test_a_file_is_imported_once_and_then_updated() -> None:
    text = HEADER + 'Where are you? | Your address? |Where are you?,"Baker Street,\n221B",en\nकहाँ?,यहाँ,hi\n'
    assert counts(text) == (2, 0, 0)
    first = [(["Where are you?", "Your address?"], "Baker Street,\n221B", "en"), (["कहाँ?"], "यहाँ", "hi")]
    assert stored() == first
    assert counts(text) == (0, 0, 2)
    assert counts(HEADER + "Your address?|Where is it?,Moved.,en\nNew?,Yes,en\n") == (1, 1, 0)
    assert stored() == [(["Your address?", "Where is it?"], "Moved.", "en"), first[1], (["New?"], "Yes", "en")]


def test_each_client_and_each_language_has_answers_of_its_own() -> None:
    assert counts(HEADER + "Taxi?,Yes,en\nTaxi?,Ja,de\n") == (2, 0, 0)
    assert counts(HEADER + "Taxi?,No,en\n", "bot") == (1, 0, 0)
    assert stored("bot") == [(["Taxi?"], "No", "en")]


def test_an_exported_file_says_the_same_and_leaves_out_what_is_off() -> None:
    assert counts(HEADER + '"Say ""hi""|a, b",Hi,en\nq,"two\nlines",\n') == (2, 0, 0)
    CuratedAnswer.objects.create(wordings="off", answer="x", enabled=False)
    before, text = stored()[:2], dump("")
    assert counts(text) == (0, 0, 2)
    CuratedAnswer.objects.all().delete()
    assert counts(text) == (2, 0, 0) and stored() == before


@pytest.mark.parametrize("forms", list(permutations(("NFC", "NFD"))))
def test_a_letter_and_its_mark_are_the_same_wording(forms: tuple[Literal["NFC", "NFD"], ...]) -> None:
    first, second = (unicodedata.normalize(form, "Wann öffnet ihr?") for form in forms)
    CuratedAnswer.objects.create(wordings=first, answer="Um 8.")
    assert counts(f"{HEADER}{second}|{first},Um 9.,\n") == (0, 1, 0)
    assert counts(f"{HEADER}{first},Um 9.,\n") == (0, 0, 1)
    assert stored() == [([unicodedata.normalize("NFC", first)], "Um 9.", "")]


def test_a_wording_that_moves_to_another_row_goes_with_it() -> None:
    counts(HEADER + "a|b,1,\nc,2,\n")
    assert counts(HEADER + "c|b,2,\na,1,\n") == (0, 2, 0)
    assert sorted(wordings for wordings, *_ in stored()) == [["a"], ["c", "b"]]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (" | ,answer,en", "no wording"),
        ("question, ,en", "no answer"),
        ("question,answer,English please", "A language is a code such as en or hi."),
        ("question,answer", "2 cells for 3 columns"),
        ("question,answer,en,more", "4 cells for 3 columns"),
        ("que\0stion,answer,en", "a NUL character"),
        ("good,other,en", '"good" is on line 2 too'),
        ("question|kept,answer,en", '"kept" belongs to an answer that no row of this file updates'),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_stored(row: str, problem: str) -> None:
    CuratedAnswer.objects.create(wordings="kept", answer="1", language="en", client="bot")
    CuratedAnswer.objects.create(wordings="question", answer="1", language="en", client="bot")
    report = load(f"{HEADER}good,answer,en\n\n{row}\nlast,answer,en\n", "bot")
    assert (report.bad, report.added) == ([(4, problem)], 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "title,answer\na,b\n",
        "wordings,wording,answer\na,b,c\n",
        HEADER + '"a',
        'sep=;"\na\n',
        'sep="\na\n',
    ],
)
def test_a_file_that_is_none_changes_nothing(text: str) -> None:
    with pytest.raises(Unreadable):
        load(HEADER + "a,b,en\n" + text if text.endswith('"a') else text, "")
    assert stored() == []


def test_the_command_names_bad_lines_and_fails(tmp_path: Path) -> None:
    file, said = tmp_path / "a.csv", StringIO()
    file.write_bytes(("\ufeff" + HEADER + "good,answer,en\r\n,answer,en\r\n").encode())
    with pytest.raises(CommandError, match="1 added, 0 updated, 0 unchanged; 1 lines are bad"):
        call_command("curate", file, stderr=said)
    assert said.getvalue().strip() == "line 3: no wording" and stored() == [(["good"], "answer", "en")]
    call_command("curate", tmp_path / "b.csv", export=True, stdout=StringIO())
    exported = "\ufeffwordings,answer,language,voice\r\ngood,answer,en,\r\n"
    assert (tmp_path / "b.csv").read_bytes() == exported.encode()


@pytest.mark.parametrize("file", ["-", "/dev/stdout"])
def test_an_export_to_standard_output_is_the_file_alone(file: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    counts(HEADER + "Offen?,Geöffnet,de\n")
    call_command("curate", file, export=True)
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == "\ufeffwordings,answer,language,voice\r\nOffen?,Geöffnet,de,\r\n".encode()
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("is_link", [False, True])
def test_an_export_replaces_no_file(tmp_path: Path, is_link: bool) -> None:
    file, other = tmp_path / "a.csv", tmp_path / "b.csv"
    if is_link:
        file.symlink_to(other)
    else:
        file.write_text("kept")
    with pytest.raises(CommandError, match=r"a\.csv exists already"):
        call_command("curate", file, export=True)
    assert is_link or file.read_text() == "kept"
    assert not other.exists() and not AuditEntry.objects.exists(), "nobody has seen an answer"
    call_command("curate", "/dev/null", export=True, stdout=StringIO())


TABLE = [
    ["Question", "Answer", "Language"],
    ["Wann geöffnet?|Offen?", "Von 9 bis 17 Uhr; samstags „nie“.", "de"],
    ['Do you sell "organic" milk?', "Yes, for 4,90 €.\nOr less.", "en"],
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize(("top", "right"), [("", 0), ("sep={}{}", 0), ("", 2)])
def test_a_file_is_read_as_spreadsheets_write_it(
    tmp_path: Path, encoding: str, delimiter: str, line_end: str, top: str, right: int
) -> None:
    text = StringIO(newline="")
    # The line break of a cell is quoted only if it ends lines too.
    table = csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if line_end == "\r" else csv.QUOTE_MINIMAL,
    )
    table.writerows([*(row + [""] * right for row in TABLE), [""] * (3 + right)])
    file = tmp_path / "a.csv"
    file.write_bytes((top.format(delimiter, line_end) + text.getvalue()).encode(encoding))
    if encoding == "cp1252":
        with pytest.raises(CommandError, match=r"not in utf-8: save it in UTF-8 .*, or name its encoding"):
            call_command("curate", file)
    call_command("curate", file, encoding="cp1252" if encoding == "cp1252" else "", stdout=StringIO())
    assert stored() == [(wordings.split("|"), answer, language) for wordings, answer, language in TABLE[1:]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_whose_encoding_is_named_may_have_a_byte_order_mark(tmp_path: Path, encoding: str, mark: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(f"{mark}question,answer\nकहाँ?,यहाँ\n".encode(encoding))
    call_command("curate", file, encoding=encoding, stdout=StringIO())
    assert stored() == [(["कहाँ?"], "यहाँ", "")]


@pytest.mark.parametrize(
    ("first", "problem"),
    [("sep=;answer", "must name the columns"), ('sep=;"', r"line \d: "), ('SEP="', "must name the columns")],
)
def test_only_a_whole_line_names_the_delimiter(tmp_path: Path, first: str, problem: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{first}\nquestion;answer\na;b\n")
    with pytest.raises(CommandError, match=problem):
        call_command("curate", file)


@pytest.mark.parametrize("encoding", ["no-such", "ascii"])
def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path, encoding: str) -> None:
    CuratedAnswer.objects.create(wordings="offen?", answer="geöffnet")
    file, exported = tmp_path / "a.csv", tmp_path / "b.csv"
    file.write_text("question,answer\ngeöffnet,ja\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"a\.csv: "):
        call_command("curate", file, encoding=encoding)
    with pytest.raises(CommandError, match=r"b\.csv: "):
        call_command("curate", exported, encoding=encoding, export=True)
    assert not exported.exists(), "nothing is written"


@pytest.mark.parametrize(("file", "client"), [("none.csv", ""), (".", ""), ("bad.csv", ""), ("bad.csv", "nobody")])
def test_the_command_refuses_what_it_cannot_use(tmp_path: Path, file: str, client: str) -> None:
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="unknown client" if client else file):
        call_command("curate", tmp_path / file, client=client)
