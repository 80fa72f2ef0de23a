from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest

from caching.redis.url import (
    BadRedisURL,
    kind_of,
    mask_password,
    node_url,
    nodes,
    normalize_redis_url,
    service_of,
)


@pytest.mark.parametrize(
    ("url", "normalized"),
    [
        ("", ""),
        ("redis://hostname", "redis://hostname:6379/0"),
        ("redis://hostname:6379/3", "redis://hostname:6379/3"),
        ("redis://:password@hostname:6379/0", "redis://:password@hostname:6379/0"),
        ("redis://user:password@hostname:6380/1", "redis://user:password@hostname:6380/1"),
        ("rediss://default:AbC@us1-owl-1.upstash.io:6379", "rediss://default:AbC@us1-owl-1.upstash.io:6379/0"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("rediss://h:1/0?ssl_ca_certs=/etc/ca.pem", "rediss://h:1/0?ssl_ca_certs=/etc/ca.pem"),
        ("redis://:p%40ss@h", "redis://:p%40ss@h:6379/0"),
        ("redis+cluster://a,b:7000", "redis+cluster://a:6379,b:7000/0"),
        ("rediss+cluster://user:p@ss@a,[::1]", "rediss+cluster://user:p%40ss@a:6379,[::1]:6379/0"),
        ("redis+sentinel://a,b:1/my-primary", "redis+sentinel://a:26379,b:1/my-primary/0"),
        ("redis+sentinel://:pw@a/m1/3", "redis+sentinel://:pw@a:26379/m1/3"),
        ("rediss+sentinel://a/m1?ssl_ca_certs=/ca.pem", "rediss+sentinel://a:26379/m1/0?ssl_ca_certs=/ca.pem"),
    ],
)
def test_it_reads_every_documented_form(url: str, normalized: str) -> None:
    assert normalize_redis_url(url) == normalized


@pytest.mark.parametrize("password", ["aB9$xK2#mN7@pQ4", "a/b?c", "100%", "::", "p@ss:word@"])
def test_a_generated_password_need_not_be_encoded(password: str) -> None:
    parts = urlsplit(normalize_redis_url(f"rediss://default:{password}@host:12345/0"))
    assert (unquote(parts.password or ""), parts.hostname, parts.port) == (password, "host", 12345)


@pytest.mark.parametrize(
    "url",
    [
        *("localhost:6379", "http://:secret@h", "redis://", "redis://:secret@", "redis://h:port", "redis://h/x"),
        *("redis://h:65536", f"redis://h:{'9' * 5000}", f"redis://h/{'9' * 5000}", "redis+cluster://a:1,b:99999"),
        *("redis://:secret@h?timeout=3", "redis://h?socket_timeout=soon", "redis://h?ssl_ca_certs=/ca.pem"),
        *("h:6380,password=secret,ssl=True", "redis://h:6380,password=secret,ssl=True", "redis-cli -h h -a secret"),
        *(
            "redis-cli --tls -u redis://:secret@h:1",
            "host=h;password=secret",
            '"redis://:secret@h:1"',
            "valkeys://u:secret@h",
        ),
        *("rediss://h?ssl_cert_reqs=maybe", "redis+sentinel://h/name?sentinel_password=secret&nonsense=1"),
    ],
)
def test_it_refuses_other_forms_without_telling_the_password(url: str) -> None:
    with pytest.raises(BadRedisURL) as caught:
        normalize_redis_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "option"),
    [
        *(
            ("redis://h?nonsense=1&db=1", "nonsense"),
            ("redis://h?=1", ""),
            ("redis://h?db=1&socket_timeout=soon", "socket_timeout"),
        ),
        *(("redis://h?timeout=3", "timeout"), ("redis://h?ssl_ca_certs=/ca.pem", "ssl_ca_certs")),
        *(("rediss://h?ssl_ca_certs=/ca.pem&ssl_cert_reqs=maybe", "ssl_cert_reqs"), ("redis://h?retry=3", "retry")),
        *((f"redis://h?{name}=x", name) for name in ("maint_notifications_config", "credential_provider", "host")),
        *((f"redis://h?{name}=x", name) for name in ("retry_on_error", "parser_class", "redis_connect_func")),
        *((f"rediss://h?{name}=x", name) for name in ("ssl_ocsp_context", "connection_class", "event_dispatcher")),
        # redis-py leaves them out of a URL without a word.
        *((f"redis+cluster://h?{name}=true", name) for name in ("read_from_replicas", "require_full_coverage")),
        ("redis+sentinel://h/name?sentinel_password=secret&is_master=0", "is_master"),
    ],
)
def test_it_names_the_option_that_cannot_be_used(url: str, option: str) -> None:
    with pytest.raises(BadRedisURL, match=f"has the option {option!r}, "):
        normalize_redis_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "rediss://host:65535/15?ssl_ca_certs=/no/such.pem&ssl_check_hostname=false",
        "rediss+sentinel://a:1,b:2/name/3?sentinel_username=me&sentinel_password=a&ssl_certfile=/c&ssl_keyfile=/k",
        "rediss+cluster://a:1,b:2/0?ssl_ca_certs=/ca.pem",
        "redis://host:1/0?max_connections=9&health_check_interval=30",
        "redis://host:1/0?username=me&password=a%26b&client_name=gateway&protocol=3&socket_keepalive=yes",
        "redis://host:1/0?ssl_ca_certs=",
    ],
)
def test_it_takes_the_options_of_the_library(url: str) -> None:
    assert normalize_redis_url(url) == url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("rediss://user:s@cr:et@host:1/0", "rediss://user:***@host:1/0"),
        ("redis://:secret@host/0", "redis://:***@host/0"),
        ("redis://host/0", "redis://host/0"),
        ("redis+cluster://:secret@a:1,b:2/0", "redis+cluster://:***@a:1,b:2/0"),
        ("redis://host/0?password=secret&db=1", "redis://host/0?password=***&db=1"),
    ],
)
def test_it_masks_the_password(url: str, masked: str) -> None:
    assert mask_password(url) == masked


@pytest.mark.parametrize(
    "url",
    [
        "redis://a,b",
        "redis://a/name",
        "redis+cluster://a/3",
        "redis+cluster://a/name",
        "redis+sentinel://a",
        "redis+sentinel://a/3",
        "rediss+sentinel://a",
        "redis+cluster://a,,b",
    ],
)
def test_it_refuses_what_fits_no_kind_of_redis(url: str) -> None:
    with pytest.raises(BadRedisURL, match="for a cluster or sentinels"):
        normalize_redis_url(url)


def test_each_node_has_an_address_of_its_own() -> None:
    url = normalize_redis_url("rediss+cluster://user:p@ss@a,[::1]:7000?ssl_ca_certs=/ca.pem")
    assert nodes(url) == [("a", 6379), ("::1", 7000)]
    assert node_url(url, "::1", 7000) == "rediss://user:p%40ss@[::1]:7000/0?ssl_ca_certs=/ca.pem"
    assert (kind_of(url), kind_of("redis://a:1/0")) == ("cluster", "")
    assert service_of("redis+sentinel://a:1/primary/0") == "primary"
