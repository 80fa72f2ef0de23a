from __future__ import annotations

import pytest
from redis.exceptions import ConnectionError

from caching.redis import errors
from caching.redis.errors import Advice, explain

FAILED = "Error 1 connecting to h:6379. [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Error 2 connecting to h:6379. No such file or directory.", errors.CERTIFICATE_FILE),
        ("Error 13 connecting to h:6379. Permission denied.", errors.CERTIFICATE_FILE),
        ("Error 136 connecting to h:6379. [X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate", errors.CERTIFICATE_FILE),
        (f"{FAILED}: self-signed certificate (_ssl.c:1006).", errors.UNTRUSTED),
        (f"{FAILED}: unable to get local issuer certificate (_ssl.c:1006).", errors.UNTRUSTED),
        (f"{FAILED}: IP address mismatch, certificate is not valid for '127.0.0.1'.", errors.WRONG_NAME),
        (f"{FAILED}: Hostname mismatch, certificate is not valid for 'h'.", errors.WRONG_NAME),
        (f"{FAILED}: certificate has expired (_ssl.c:1006).", errors.EXPIRED),
        ("Error 1 connecting to h:6379. [SSL: WRONG_VERSION_NUMBER] wrong version number.", errors.TLS),
        ("Error while reading from h:6379 : (104, 'Connection reset by peer')", errors.LOST),
    ],
)
def test_causes_of_a_failed_tls_connection_are_told_apart(text: str, advice: Advice) -> None:
    assert explain(ConnectionError(text)) == advice
