from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from speechsite.tests.support.redis_server import RedisServer, self_signed_certificate


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[RedisServer, Path]]:
    """A Redis that speaks TLS only, and the certificate to trust."""
    certificate, key = self_signed_certificate(tmp_path)
    options = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no"]
    try:
        server = RedisServer(*options, tls=True)
    except OSError as error:
        pytest.skip(f"this redis-server was built without TLS: {error}")
    with server:
        yield server, certificate
