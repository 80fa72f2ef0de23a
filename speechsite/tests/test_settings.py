from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.test import RequestFactory

from caching.checks import TAG
from speechsite import settings as module
from speechsite.checks import check_host_characters, check_hosts, check_mail, check_variable_names
from speechsite.conf import database, env, mail
from speechsite.conf.env import EnvReader
from speechsite.conf.private_files import kept_text, private_directory


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` with variables added to the environment of the tests."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=module.BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(("value", "meant"), [("1", True), ("true", True), ("True", True), ("0", False), ("", True)])
def test_a_switch(value: str, meant: bool) -> None:
    assert EnvReader({"SWITCH": value}).switch("SWITCH", True) is meant


def test_a_list_loses_white_space_and_empty_items() -> None:
    reader = EnvReader({"LIST": " a, b ,,c,"})
    assert reader.items("LIST") == ["a", "b", "c"]
    assert reader.items("OTHER", "d") == ["d"]


def test_white_space_around_a_value_is_dropped() -> None:
    reader = EnvReader({"NAME": " x ", "NUMBER": " 7 "})
    assert (reader.text("NAME"), reader.whole_number("NUMBER", 1)) == ("x", 7)


@pytest.mark.parametrize(
    ("read", "value", "complaint"),
    [
        (lambda reader: reader.switch("NAME"), "yes", "NAME must be 0, 1, true or false, not 'yes'"),
        (lambda reader: reader.whole_number("NAME", 1), "-1", "NAME must be a whole number from 0 to 2147483647, not"),
        (lambda reader: reader.whole_number("NAME", 1), "1.5", "NAME must be a whole number"),
        (lambda reader: reader.whole_number("NAME", 9, least=5), "4", "NAME must be a whole number from 5 to"),
        (
            lambda reader: reader.whole_number("NAME", 1),
            str(2**31),
            "NAME must be a whole number from 0 to 2147483647",
        ),
        (lambda reader: reader.whole_number("NAME", 1, most=9), "10", "NAME must be a whole number from 0 to 9,"),
        (lambda reader: reader.whole_number("NAME", 1), "9" * 5000, "NAME must be a whole number from"),
        (lambda reader: reader.choice("NAME", "a", ("a", "b")), "c", "NAME must be one of a, b, not 'c'"),
    ],
)
def test_a_reader_names_the_variable_that_is_wrong(read: Any, value: str, complaint: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=complaint):
        read(EnvReader({"NAME": value}))


@pytest.mark.parametrize(
    ("read", "value", "complaint"),
    [
        (lambda name, url: database.entry(name, url, 8), "mysql!//x:secret@h", "NAME must look like postgres://"),
        (env.rates, "INR", "NAME must look like INR=83,EUR=0.92, not 'INR'"),
        (lambda name, url: database.entry(name, url, 8), "mysql://x:secret@h/n", "NAME must look like postgres://"),
        (env.rates, "inr=83", "NAME must hold codes such as INR"),
        (env.rates, "=83", "NAME must hold codes such as INR"),
        (env.rates, "USD=2", "NAME must hold codes such as INR, for one US dollar"),
        (env.rates, "INR=1e999999", "NAME must hold positive rates only"),
        (env.host, "not a host", "NAME must be an address such as 127.0.0.1"),
        (env.host, "http://0.0.0.0", "NAME must be an address"),
        (env.host, "999.1.1.1", "NAME must be an address"),
        (env.archive, "s3://", "NAME must be a folder, or like s3://bucket/prefix"),
        (env.archive, "gs://bucket", "NAME must be a folder"),
        (env.rates, "INR=0", "NAME must hold positive rates only"),
        (env.share, "2 %", "NAME must be a number from 0 to 1, not '2 %'"),
        (env.share, "1.5", "NAME must be a number from 0 to 1"),
        (lambda name, text: env.networks(name, [text]), "10.0.0.1/8", "NAME must list addresses or networks"),
        (lambda name, text: env.origins(name, [text]), "example.com", "NAME must list origins such as https://app"),
        (lambda name, text: env.origins(name, [text]), "https://example.com/", "NAME must list origins"),
        (lambda name, text: env.origins(name, [text]), "file:///etc", "NAME must list origins"),
        (lambda name, text: env.origins(name, [text]), "https://", "NAME must list origins"),
        (lambda name, text: env.origins(name, [text]), "*", "NAME must list origins"),
        (env.web_address, "hooks.slack.com/secret", "NAME must begin with https:// or http://"),
        (mail.server, "mail://u:secret@host", "NAME must look like smtp\\+tls://user:password@host:587"),
        (mail.server, "smtp://u:secret@host:port", "NAME must look like"),
        (lambda name, path: env.file(path, Path()), "/no/such.env", "ENV_FILE must name a readable file"),
        (lambda name, path: env.file(path, Path()), "/", "ENV_FILE must name a readable file"),
        (lambda name, path: private_directory(name, Path(path)), "/dev/null/var", "NAME must name a directory"),
        (lambda name, path: private_directory(name, Path(path)), "/dev/null", "NAME must name a directory"),
        # Root may not write there either.
        (lambda name, path: private_directory(name, Path(path)), "/proc/self", "NAME: /proc/self cannot be written"),
        (env.share, "nan", "NAME must be a number from 0 to 1"),
    ],
)
def test_a_value_of_its_own_form_names_its_variable(read: Any, value: str, complaint: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=complaint) as caught:
        read("NAME", value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["127.0.0.1", "::", "localhost", "gateway-1.internal"])
def test_an_address_to_listen_on(name: str) -> None:
    assert env.host("NAME", name) == name


def test_origins_of_pages_and_of_apps_pass() -> None:
    given = [
        "https://app.example.com:8443",
        "https://*.example.com",
        "http://[::1]:8000",
        "capacitor://localhost",
        "null",
        "file://",
    ]
    assert env.origins("NAME", given) == given


def test_a_file_of_variables_that_nobody_named_may_be_missing(tmp_path: Path) -> None:
    assert [env.file(named, tmp_path / "no.env") for named in (None, "", os.devnull)] == [""] * 3


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / "windows.env"
    path.write_text("REDIS_URL=redis://h", encoding="utf-8-sig")
    assert env.file(str(path), path) == env.file(None, path) == "REDIS_URL=redis://h"


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("kind", ["directory", "UTF-16"])
def test_a_file_of_variables_that_cannot_be_read_is_told(tmp_path: Path, kind: str, is_named: bool) -> None:
    path = tmp_path / "wrong.env"
    if kind == "directory":
        # As Docker makes one where the file that it is to mount is missing.
        path.mkdir()
    else:
        path.write_bytes("REDIS_URL=redis://h".encode("utf-16"))
    with pytest.raises(ImproperlyConfigured, match=r"ENV_FILE|wrong\.env must be a readable file in UTF-8"):
        env.file(str(path) if is_named else None, path)


def test_a_kept_text_is_whole_also_after_a_disk_was_full(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    file.touch()
    assert [kept_text("VAR_DIR", file, fresh) for fresh in ("first", "second")] == ["first"] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"] and file.stat().st_mode & 0o077 == 0
    with pytest.raises(ImproperlyConfigured, match="VAR_DIR: cannot write or read /proc/self/secret_key"):
        kept_text("VAR_DIR", Path("/proc/self/secret_key"), "fresh")


def test_a_misspelt_variable_of_the_file_is_told_with_the_nearest_name(settings: Any) -> None:
    ours = {"REDIS_URL", "OIDC_CLIENT_SECRET_FILE", "OPENAI_API_KEY", "OTEL_EXPORTER_OTLP_HEADERS"}
    settings.VARIABLES_IN_FILE = ours | {"POSTGRES_PASSWORD", "GROQ_API_KEY", "SEMANTIC_EMBEDDER_MODEL"}
    assert check_variable_names() == []
    settings.VARIABLES_IN_FILE = {"REDIS_TIMEOUT", "ALERT_EMAIL", "OPENAI_APIKEY"}
    hints = ["Is ALERT_EMAILS meant?", "Is OPENAI_API_KEY meant?", "Is REDIS_TIMEOUT_MS meant?"]
    assert [warning.hint for warning in check_variable_names()] == hints


@pytest.mark.parametrize("host", ["*", "example.com", ".example.com", "localhost", "127.0.0.1", "[::1]", "[fd00::1]"])
def test_a_host_that_a_request_can_name_passes(settings: Any, host: str) -> None:
    settings.ALLOWED_HOSTS = [host]
    assert check_hosts() == check_host_characters() == []


@pytest.mark.parametrize("host", ["my_host", ".my_host.internal", "münchen.example"])
def test_a_name_that_no_host_can_have_is_a_warning(settings: Any, host: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost", host]
    assert check_hosts() == [] and [host in warning.msg for warning in check_host_characters()] == [True]
    request = RequestFactory().get("/", headers={"Host": host.removeprefix(".")})
    with pytest.raises(DisallowedHost):
        request.get_host()


@pytest.mark.parametrize(
    "host", ["https://example.com", "example.com:8000", "example.com/", "*.example.com", "a b", "::1", "[::1]:80"]
)
def test_a_host_that_no_request_can_name_is_an_error(settings: Any, host: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost", host]
    [error] = check_hosts()
    assert error.id == "speechsite.E004" and repr(host) in error.msg


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "OIDC_CLIENT_SECRET", "GROQ_API_KEY"])
def test_a_secret_may_be_in_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("from-file\n")
    given = {f"{name}_FILE": str(tmp_path / "secret"), name: ""}
    assert env.with_secrets_from_files(given) == {**given, name: "from-file"}


def test_other_files_are_not_read(tmp_path: Path) -> None:
    given = {"SSL_CERT_FILE": str(tmp_path), "ENV_FILE": str(tmp_path), "SECRET_KEY_FILE": "", "HISTFILE": "x"}
    assert env.with_secrets_from_files(given) == given


@pytest.mark.parametrize(
    ("content", "more", "complaint"),
    [
        (None, {}, "REDIS_URL_FILE must name a readable file: .*No such file"),
        (b" \n", {}, "REDIS_URL_FILE must name a file with a secret"),
        (b"\xff", {}, "REDIS_URL_FILE must name a readable file"),
        (b"redis://a", {"REDIS_URL": "redis://b"}, "REDIS_URL_FILE must not be set beside REDIS_URL"),
    ],
    ids=["none", "empty", "binary", "both"],
)
def test_a_secret_that_is_not_in_its_file_is_told(
    tmp_path: Path, content: bytes | None, more: dict[str, str], complaint: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=complaint):
        env.with_secrets_from_files({"REDIS_URL_FILE": str(tmp_path / "secret"), **more})


def test_a_mail_server_is_one_address() -> None:
    found = mail.server("NAME", "smtp+tls://me%40x:p%2Fw@mail.example.com")
    assert found == ("mail.example.com", 587, "me@x", "p/w", True, False)
    assert mail.server("NAME", "smtps://host:4650")[:2] == ("host", 4650)


def test_recipients_that_no_mail_reaches_are_named(settings: Any) -> None:
    settings.ALERT_EMAILS, settings.REPORT_EMAILS, settings.EMAIL_HOST = ["ops"], ["a@b"], ""
    assert [error.id for error in check_mail()] == ["speechsite.E002", "speechsite.E003", "speechsite.E003"]
    assert {error.id for error in run_checks(tags=[TAG])}.isdisjoint({"speechsite.E002", "speechsite.E003"})
    settings.ALERT_EMAILS, settings.EMAIL_HOST = [], "host"
    assert check_mail() == []
    for settings.DEFAULT_FROM_EMAIL in ("nobody", "a@b\nBcc: c@d"):
        assert [error.msg.split()[0] for error in check_mail()] == ["EMAIL_FROM"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://:secret@host"),
        ("DATABASE_URL", "nothing://:secret@host"),
        ("PORT", "eighty"),
        ("LOG_LEVEL", "LOUD"),
        ("SEMANTIC_MODE", "shadwo"),
        ("DEBUG", "yes"),
        ("DATABASE_URL_FILE", "/no/such/file"),
    ],
)
def test_a_wrong_variable_ends_a_command_with_one_line(name: str, value: str) -> None:
    done = check(**{name: value})
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Configuration error: {name} must ")
    assert "secret" not in line


def test_check_passes_without_redis_and_without_keys() -> None:
    done = check(REDIS_URL="")
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_a_provider_reads_the_variables_with_its_name(tmp_path: Any) -> None:
    program = "from speechsite import settings; print(settings.PROVIDERS['sarvam'], settings.REDIS_URL)"
    (tmp_path / "env").write_text("SARVAM_API_KEY=from-file\nSARVAM_VOICE=from-file\nREDIS_URL=redis://:p$a@h\n")
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    environment |= {"ENV_FILE": str(tmp_path / "env"), "SARVAM_VOICE": "from-environment"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=module.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "{'API_KEY': 'from-file', 'VOICE': 'from-environment'} redis://:p%24a@h:6379/0\n"
