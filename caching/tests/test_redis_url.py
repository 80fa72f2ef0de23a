from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest

from caching.redis.url import BadRedisURL, mask_password, normalize_redis_url


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
    ],
)
def test_it_reads_every_documented_form(url: str, normalized: str) -> None:
    assert normalize_redis_url(url) == normalized


@pytest.mark.parametrize("password", ["aB9$xK2#mN7@pQ4", "a/b?c", "100%", "::", "p@ss:word@"])
def test_a_generated_password_need_not_be_encoded(password: str) -> None:
    parts = urlsplit(normalize_redis_url(f"rediss://default:{password}@host:12345/0"))
    assert (unquote(parts.password or ""), parts.hostname, parts.port) == (password, "host", 12345)


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://:secret@h", "redis://", "redis://:secret@", "redis://h:port", "redis://h/x"]
)
def test_it_refuses_other_forms_without_telling_the_password(url: str) -> None:
    with pytest.raises(BadRedisURL) as caught:
        normalize_redis_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("rediss://user:s@cr:et@host:1/0", "rediss://user:***@host:1/0"),
        ("redis://:secret@host/0", "redis://:***@host/0"),
        ("redis://host/0", "redis://host/0"),
        ("redis://host/0?password=secret&db=1", "redis://host/0?password=***&db=1"),
    ],
)
def test_it_masks_the_password(url: str, masked: str) -> None:
    assert mask_password(url) == masked
