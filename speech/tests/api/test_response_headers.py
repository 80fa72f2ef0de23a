"""The headers of an answer are those that Django's own class would send."""

from __future__ import annotations

import pytest
from django.http import BadHeaderError, HttpResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.api.response_headers import PlainHeaders, whole_response

NAMES = st.from_regex(r"[A-Za-z][A-Za-z-]{0,12}", fullmatch=True)
VALUES = st.one_of(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)), st.text(max_size=20))
LATER = (("Content-Length", "8"), ("X-Later", "नमस्ते"))


def sent(response: HttpResponse) -> list[tuple[str, str]]:
    """Treat a response as middleware and the server do."""
    for name, value in LATER:
        response.headers[name] = value
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("x-later", "not again")
    response.headers.pop("x-gone", None)
    del response["X-Gone-Too"]
    return list(response.items())


@given(fields=st.dictionaries(NAMES, VALUES))
@settings(max_examples=50, deadline=None)
def test_the_same_headers_are_sent_as_by_django(fields: dict[str, str]) -> None:
    fields = {"X-Gone": "a", "X-Gone-Too": "b", "X-Cache": "HIT", **fields}
    fields = {name: value for name, value in fields.items() if name.lower() != "content-type"}
    try:
        expected = sent(HttpResponse(b"{}", headers={"Content-Type": "application/json", **fields}))
    except BadHeaderError:
        with pytest.raises(BadHeaderError):
            whole_response(b"{}", "application/json", fields)
    else:
        assert sent(whole_response(b"{}", "application/json", fields)) == expected


@pytest.mark.parametrize("name", ["X-A\nX-B", "X-A\r\nX-B", "X-Ä\n"])
def test_a_line_break_in_a_name_is_refused(name: str) -> None:
    with pytest.raises((BadHeaderError, UnicodeEncodeError)):
        whole_response(b"{}", "application/json", {name: "value"})
    with pytest.raises((BadHeaderError, UnicodeEncodeError)):
        whole_response(b"{}", "application/json", {})[name] = "value"


def test_names_are_found_in_any_case() -> None:
    response = whole_response(b"{}", "application/json", {"X-Cache": "HIT"})
    assert isinstance(response.headers, PlainHeaders)
    assert response["x-cache"] == response.get("X-CACHE") == "HIT"
    assert "x-CACHE" in response
    assert dict(response.headers) == {"Content-Type": "application/json", "X-Cache": "HIT"}
