"""CSV as spreadsheets write it: with a byte order mark or in UTF-16, and with semicolons or tabs in place of commas.

Encode what they are to read as `utf-8-sig`: Excel reads a file without its mark in the code page of the machine.

>>> from io import BytesIO
>>> [row for row in reader(decoded("sep=;\\r\\nquestion;answer\\r\\n4,90 €?;yes\\r\\n".encode("utf-16")))]
[['question', 'answer'], ['4,90 €?', 'yes']]
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Protocol

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t"
# The whole first line: a header may begin alike. A quotation mark delimits nothing.
_NAMED_DELIMITER = re.compile(r'sep=([^"]?)', re.IGNORECASE)

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Unreadable(ValueError):
    """The file as a whole cannot be read."""


class Reader(Protocol):
    """Rows, and the number of the last line read: the result of `csv.reader`."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


def decoded(content: bytes, encoding: str = "") -> str:
    """Return the text of a file; without `encoding`, of one in UTF-8, or in UTF-16 with its mark. Raises Unreadable.

    Other encodings are not guessed: a wrong guess would store other letters.
    """
    encoding = encoding or ("utf-16" if content.startswith(_UTF_16) else "utf-8")
    try:
        # Not every codec takes the mark away.
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        raise Unreadable(
            f"not in {encoding}: save it in UTF-8 (“CSV UTF-8” of a spreadsheet), or name its encoding ({error})"
        ) from error
    except LookupError as error:
        raise Unreadable(str(error)) from error


def reader(text: str) -> Reader:
    """Return a reader of the rows, the first of which is the header. They raise csv.Error."""
    first = text.partition("\n")[0].partition("\r")[0]
    named = _NAMED_DELIMITER.fullmatch(first)
    delimiter = named[1] if named else max(_DELIMITERS, key=first.count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter or ",", strict=True)
    if named:
        next(rows)
    return rows


def written(rows: Iterable[Sequence[object]]) -> str:
    """Return `rows`, the first of which is the header, as CSV. Pass texts of clients through `inert`."""
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def inert(text: str) -> str:
    """Quote what a spreadsheet would run as a formula: names of models come from clients.

    The characters are OWASP's list for CSV injection, with their full-width forms.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
