from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

from speechsite.server.wsgi_wrappers import in_one_piece


class Closing(HttpResponse):
    """Notes that it was closed, and tells nobody else: this is no request."""

    was_closed = False

    def close(self) -> None:
        self.was_closed = True


def answered(response: Any) -> Iterable[bytes]:
    return in_one_piece(lambda environ, start_response: response)({}, None)


def test_a_finished_answer_is_a_list_of_all_its_bytes() -> None:
    response = Closing([b"Hello ", b"there"])
    assert answered(response) == [b"Hello there"]
    assert response.was_closed, "nobody closes a list, and what waits for the end of a request must hear of it"


def test_a_stream_goes_on_as_it_is() -> None:
    stream = StreamingHttpResponse(iter([b"Hello ", b"there"]))
    assert answered(stream) is stream
    assert not stream.closed
