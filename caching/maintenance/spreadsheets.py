"""CSV as spreadsheets write it: with a byte order mark or in UTF-16, and with semicolons or tabs in place of commas.

>>> from io import BytesIO
>>> [row for row in reader(decoded("sep=;\\r\\nquestion;answer\\r\\n4,90 €?;yes\\r\\n".encode("utf-16")))]
[['question', 'answer'], ['4,90 €?', 'yes']]
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from io import StringIO
from typing import Protocol

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t"
_NAMES_DELIMITER = "sep="


class Reader(Protocol):
    """Rows, and the number of the last line read: the result of `csv.reader`."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


def decoded(content: bytes, encoding: str = "") -> str:
    """Return the text of a file; without `encoding`, of one in UTF-8, or in UTF-16 with its mark. Raises ValueError.

    Other encodings are not guessed: a wrong guess would store other letters.
    """
    if not encoding:
        encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        raise ValueError(
            f"not in {encoding.removesuffix('-sig')}: save it as “CSV UTF-8”, or name its encoding ({error})"
        ) from error
    except LookupError as error:
        raise ValueError(str(error)) from error


def reader(text: str) -> Reader:
    """Return a reader of the rows, the first of which is the header; it raises csv.Error."""
    first = text.partition("\n")[0].partition("\r")[0]
    named = first.lower().startswith(_NAMES_DELIMITER)
    delimiter = first[len(_NAMES_DELIMITER) :][:1] if named else max(_DELIMITERS, key=first.count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter or ",", strict=True)
    if named:
        next(rows)
    return rows
