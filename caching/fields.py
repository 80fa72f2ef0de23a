from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from django.db import models

PLACES = 9

if TYPE_CHECKING:
    _Base = models.BigIntegerField[Any, Any]
else:
    _Base = models.BigIntegerField


class NanoDecimalField(_Base):
    """A Decimal with nine places, stored as a whole number of billionths.

    SQLite keeps a DecimalField as a float, and sums of floats drift; whole numbers add up exactly on every database.
    Nine places hold the price of a single token (the cheapest listed one is 0.00000001 USD); 64 bits reach 9 billion.
    """

    if TYPE_CHECKING:
        # What django-stubs reads of a field's types; the base class has those of int.
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def from_db_value(self, value: Any, *args: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-PLACES)

    def to_python(self, value: Any) -> Any:
        return None if value is None else Decimal(value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else to_nanos(value)


def to_nanos(value: Decimal | int) -> int:
    return int(Decimal(value).scaleb(PLACES).to_integral_value(ROUND_HALF_EVEN))
