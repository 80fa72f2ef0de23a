from __future__ import annotations

import pytest
from django.db import Error

from caching.ledger import upsert

pytestmark = pytest.mark.django_db


def test_what_the_database_refuses_is_an_error_of_django_whatever_cursor_was_used() -> None:
    with pytest.raises(Error):
        upsert.run([upsert.Statement("INSERT INTO nowhere (a) VALUES (1)", [[]])])
