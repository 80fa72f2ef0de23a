"""A client that uses everything, and the traces that it may leave."""

from __future__ import annotations

from typing import Any

from django.db import connection
from rest_framework.test import APIClient

from caching.ledger import writer
from speechsite.tests.support.waiting import wait_until

SECRET = "Zanzibar"


def caller(key: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def use_everything(client: APIClient, word: str, **headers: str) -> None:
    for _ in range(2):
        for path, body in (
            ("/api/chat/", {"query": f"Where is {word}?"}),
            ("/api/chat/", {"query": f"Please tell me where is {word}", "optimization_level": "speed"}),
            ("/v1/chat/completions", {"messages": [{"role": "user", "content": f"Why {word}?"}], "stream": True}),
            ("/api/tts/", {"text": f"{word} is far away.", "codec": "mp3"}),
            ("/v1/audio/speech", {"input": f"{word} is near.", "response_format": "wav"}),
            ("/api/converse/", {"query": f"Talk about {word}."}),
        ):
            response: Any = client.post(path, body, format="json", headers=headers)
            assert response.status_code == 200
            if response.streaming:
                b"".join(response.streaming_content)
    # Threads share the tests' database, and may find its tables locked by each other.
    wait_until(writer.writer.flush, pause=0.1)


def everything_in_redis(redis_client: Any) -> bytes:
    def value(name: bytes) -> bytes:
        if redis_client.type(name) == b"stream":
            # Redis keeps the bytes of deleted events until it drops the block that they are in.
            return repr(redis_client.xrange(name)).encode()
        return redis_client.dump(name) or b""

    return b"\n".join(name + b" " + value(name) for name in redis_client.keys("[^f]*"))


def everything_in_the_database() -> str:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 (names of our own tables)
            found += [repr(row) for row in cursor.fetchall()]
    return "\n".join(found)
