"""Files that staff open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Excel reads a file without it in the code page of the machine.
_BYTE_ORDER_MARK = "\ufeff"


def csv_response(name: str, rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a download of `rows`, the first of which is the header. Pass texts of clients through `inert`."""
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    response.write(_BYTE_ORDER_MARK)
    csv.writer(response).writerows(rows)
    return response


def inert(text: str) -> str:
    """Quote what a spreadsheet would run as a formula: names of models come from clients.

    The characters are OWASP's list for CSV injection, with their full-width forms.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
