"""What production is told to be: Django's checklist, and a server that runs with it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.contenttypes.models import ContentType
from django.core import checks
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client as Browser

from caching.coordination import rate_limit
from speechsite import views
from speechsite.tests.support.databases import new_sqlite
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

HTTPS = {"X-Forwarded-Proto": "https", "Host": "speech.example.com"}


@pytest.fixture(scope="module")
def bounded_redis() -> Iterator[RedisServer]:
    with RedisServer("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru") as server:
        yield server


@pytest.fixture
def production(bounded_redis: RedisServer, fake_openai: Any) -> dict[str, str]:
    return {
        "HTTPS_ONLY": "1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "speech.example.com",
        "CSRF_TRUSTED_ORIGINS": "https://speech.example.com",
        "REDIS_URL": bounded_redis.url,
        "LLM_PROVIDER": "openai",
        "OPENAI_API_KEY": "sk-of-nobody",
        "OPENAI_BASE_URL": f"{fake_openai.url}/v1",
        "LOG_TEXTS": "0",
    }


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_checklist_has_nothing_to_say(production: dict[str, str], sqlite_url: str) -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **production, DATABASE_URL=sqlite_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


@pytest.mark.parametrize("secret", ["", "django-insecure-" + "a1b2c3d4e5" * 5])
def test_production_refuses_a_secret_for_development(production: dict[str, str], secret: str) -> None:
    done = manage("check", **{**production, "SECRET_KEY": secret})
    assert done.returncode == 1
    assert done.stderr.startswith("Configuration error: HTTPS_ONLY needs a SECRET_KEY")
    assert secret not in done.stderr or not secret


@pytest.mark.parametrize("secret", ["a", "short-but-random-4k2j", "ab" * 40])
def test_production_is_told_that_a_secret_can_be_guessed(settings: Any, secret: str) -> None:
    settings.SECRET_KEY = secret
    said = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    assert "speechsite.E001" in {message.id for message in said}


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    new_sqlite(var).chmod(0o644)
    (var / "db.sqlite3-wal").touch(mode=0o644)
    manage("check", VAR_DIR=str(var), DATABASE_URL="")
    assert var.stat().st_mode & 0o077 == 0
    assert [path.name for path in var.glob("db*") if path.stat().st_mode & 0o077] == []


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["a", "password123", "1234567890", "administrator1"])
def test_a_password_that_can_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, User(username="administrator"))


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True)


def test_an_error_of_the_admin_is_told_once() -> None:
    class Broken(admin.ModelAdmin):
        list_display = ("nothing",)

    admin.site.register(ContentType, Broken)
    try:
        said = [message.id for message in checks.run_checks(tags=[checks.Tags.admin])]
    finally:
        admin.site.unregister(ContentType)
    assert said == ["admin.E108"]


@pytest.mark.django_db
def test_without_it_the_checklist_has_something_to_say() -> None:
    said = {message.id for message in checks.run_checks(include_deployment_checks=True)}
    assert said >= {"security.W004", "security.W009", "security.W012", "speech.W001"}


def test_the_real_server_runs_so(production: dict[str, str], tmp_path: Path) -> None:
    server = Server(tmp_path, production, workers=1)
    try:
        assert server.request("GET", "/healthz", headers={"Host": "speech.example.com"}).status == 200
        assert server.request("GET", "/metrics").status == 200, "by its address"
        assert server.request("GET", "/v1/models").status == 400, "another Host"
        plain = server.request("GET", "/admin/login/", headers={"Host": "speech.example.com"}, redirect=False)
        assert (plain.status, plain.headers["Location"]) == (301, "https://speech.example.com/admin/login/")
        page = server.request("GET", "/admin/login/", headers=HTTPS)
        assert page.status == 200
        assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "Secure" in page.headers["Set-Cookie"]
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert server.request("GET", "/v1/models", headers=HTTPS).status == 200
        assert server.request("GET", "/nothing/here", headers=HTTPS).status == 404
    finally:
        server.stop()


@pytest.fixture
def attempts(redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_local", rate_limit._LocalLimits())


@pytest.mark.django_db
@pytest.mark.usefixtures("attempts")
def test_passwords_cannot_be_tried_fast(client: Browser, admin_user: Any) -> None:
    def attempt(name: str, password: str) -> Any:
        return client.post("/admin/login/", {"username": name, "password": password})

    assert {attempt("admin", "wrong").status_code for _ in range(views.A_MINUTE_BY_NAME)} == {200}
    refused = attempt("ADMIN", "password")
    assert (refused.status_code, "sessionid" in client.cookies) == (429, False)
    assert 0 < int(refused.headers["Retry-After"]) <= rate_limit.WINDOW_SECONDS
    statuses = [attempt(f"somebody {number}", "wrong").status_code for number in range(views.A_MINUTE_BY_ADDRESS)]
    assert statuses[0] == 200
    assert statuses[-1] == 429, "the address has its limit too"


@pytest.mark.django_db
@pytest.mark.usefixtures("attempts")
def test_the_login_is_limited_without_redis_too(client: Browser, use_redis: Any, settings: Any) -> None:
    use_redis("")
    settings.WORKERS = 2
    statuses = [client.post("/admin/login/", {"username": "a", "password": "b"}).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


@pytest.mark.django_db
@pytest.mark.usefixtures("attempts")
def test_the_right_password_gets_in(client: Browser, admin_user: Any) -> None:
    done = client.post("/admin/login/?next=/admin/", {"username": "admin", "password": "password"})
    assert (done.status_code, done.headers["Location"]) == (302, "/admin/")
