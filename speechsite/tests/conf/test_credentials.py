from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechsite.conf import database, mail
from speechsite.conf.credentials import encoded


@pytest.mark.parametrize(
    "password", ["pass@word", "P@ss:word#1", "P@ss#1", "p@s/s?w", "my/pa?ss/word", "a%40b", "50%off", "[x]", "", "$a b"]
)
def test_a_password_is_taken_as_it_was_generated(password: str) -> None:
    found = database.entry("NAME", f"postgres://ai:{password}@db.example:5432/ai?sslmode=require", 8)
    meant = password.replace("%40", "@")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("ai", meant, "db.example", 5432)
    assert found["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize("password", ["secret", "p@s#s/w?", "p%40s"])
@pytest.mark.parametrize("host", ["h", "h:5432", "[::1]:5432", ""])
@pytest.mark.parametrize(
    "query", ["application_name=a@b", "sslmode=require&host=/run/a@b/c@d", "a=b&options=-c x=@/y?z=@"]
)
def test_a_query_may_contain_an_at_sign(password: str, host: str, query: str) -> None:
    password_encoded = quote(unquote(password), safe="")
    expected = f"postgres://u:{password_encoded}@{host}/n?{query}"
    assert encoded(f"postgres://u:{password}@{host}/n?{query}") == expected


def test_a_mail_user_may_be_an_address() -> None:
    assert mail.server("NAME", "smtps://me@example.com:p#@w@mail.example.com")[:4] == (
        "mail.example.com",
        465,
        "me@example.com",
        "p#@w",
    )


@settings(max_examples=50)
@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_what_is_encoded_stays_so(password: str) -> None:
    url = f"postgres://u:{quote(password, safe='')}@h/n"
    assert encoded(url) == url
    assert encoded(encoded(f"postgres://u:{password}@h/n")) == encoded(f"postgres://u:{password}@h/n")


@pytest.mark.parametrize("url", ["sqlite:////var/db.sqlite3", "postgres://user@h/n", "postgres:///n?host=/run/a@b", ""])
def test_an_address_without_a_password_stays_as_it_is(url: str) -> None:
    assert encoded(url) == url
