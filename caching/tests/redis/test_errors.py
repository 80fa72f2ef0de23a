from __future__ import annotations

import pytest
from redis._parsers.base import BaseParser
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


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Error -2 connecting to h:6379. Name or service not known.", errors.UNKNOWN_HOST),
        ("Error -3 connecting to h:6379. Temporary failure in name resolution.", errors.UNKNOWN_HOST),
        ("Error -5 connecting to h:6379. No address associated with hostname.", errors.UNKNOWN_HOST),
        ("Error 24 connecting to h:6379. Too many open files.", errors.TOO_MANY_FILES),
        ("Error 101 connecting to h:6379. Network is unreachable.", errors.UNREACHABLE),
        ("Error 111 connecting to h:6379. Connection refused.", errors.REFUSED),
        ("Error 113 connecting to h:6379. No route to host.", errors.UNREACHABLE),
    ],
)
def test_causes_of_a_failed_connection_are_told_apart(text: str, advice: Advice) -> None:
    assert explain(ConnectionError(text)) == advice


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        ("DENIED Redis is running in protected mode because protected mode is enabled", errors.PROTECTED),
        ("ERR max number of clients reached", errors.TOO_MANY_CLIENTS),
        ("ERR max number of clients + cluster connections reached", errors.TOO_MANY_CLIENTS),
        ("MISCONF Errors writing to the AOF file: No such file or directory", errors.CANNOT_SAVE),
        ("MISCONF Redis is configured to save RDB snapshots, but cannot persist on disk", errors.CANNOT_SAVE),
        ("NOREPLICAS Not enough good replicas to write.", errors.FEW_REPLICAS),
        ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", errors.NO_PRIMARY),
        ("CLUSTERDOWN The cluster is down", errors.CLUSTER_DOWN),
    ],
)
def test_what_redis_answers_is_told_in_the_terms_of_its_operator(reply: str, advice: Advice) -> None:
    assert explain(BaseParser.parse_error(reply)) == advice


def test_what_is_not_known_is_told_in_the_words_of_redis_without_texts_of_users() -> None:
    reply = "ERR unknown command 'UNLINK', with args beginning with: 'llm:semantic:1:what is my balance' "
    assert str(explain(BaseParser.parse_error(reply))).startswith("Redis returned an error: unknown command 'UNLINK'. ")
    long = explain(BaseParser.parse_error(f"ERR {'x' * 1000}"))
    assert len(long.message) < 160 and long.kind == errors.OTHER.kind
    # Not of Redis, so it may name anything.
    assert explain(OSError("odd")) == errors.OTHER
