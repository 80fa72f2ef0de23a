"""First run of a fresh checkout: a staff user, an API key, and the block that `make run` ends with."""

from __future__ import annotations

import secrets
import shlex
import sys
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

from caching.management import audit
from caching.models.audit import AuditAction
from speech.models import Client

DEMO_CLIENT = "demo"
STAFF_USER = "admin"
_KEY_FILE = settings.VAR_DIR / "demo_api_key"


def create_accounts() -> str:
    """Create the staff user and the demo key unless they exist. Return the password of a new staff user, else ""."""
    if not Client.objects.filter(name=DEMO_CLIENT).exists():
        client, key = Client.objects.create_with_key(DEMO_CLIENT)
        audit.record("serve", AuditAction.ADDED, "Created with its first key", about=client)
        _KEY_FILE.touch(mode=0o600)
        _KEY_FILE.write_text(key)
    user_model = get_user_model()
    if user_model.objects.filter(is_staff=True).exists():
        return ""
    password = secrets.token_urlsafe(12)
    user = user_model.objects.create_superuser(STAFF_USER, password=password)
    audit.record("serve", AuditAction.ADDED, "Created as the first user", about=user)
    return password


def introduction(url: str, password: str) -> str:
    """Return the framed block and two lines to paste, which `make run` prints last."""
    key = demo_key() or "$API_KEY"
    user = _staff_name()
    facts = [
        ("Start here", f"{url}/"),
        ("Dashboard", f"{url}/admin/"),
        ("User", user),
        ("Password", f"{password}   (shown this once)" if password else "set on the first run; forgotten?"),
        *([] if password else [("", _command("changepassword", user))]),
        ("API docs", f"{url}/api/docs/"),
        ("API key", key),
        ("", f"of the client {DEMO_CLIENT}, saved in {_to_paste(_KEY_FILE)}"),
    ]
    post = f"""curl -s -H "Authorization: Bearer {key}" -H 'Content-Type: application/json'"""
    return (
        f"""\n{_framed("Speech gateway is running. Stop it with Ctrl-C.", facts)}\n"""
        """\nIn another terminal, twice: the second time it comes from the cache.\n\n"""
        f"""{post} {url}/api/chat/ -d '{{"query": "What is a cache?"}}'\n"""
        f"""{post} {url}/api/tts/ -d '{{"text": "Hello from the cache."}}' -o hello.wav\n"""
    )


def demo_key() -> str:
    """Return the key of the demo client as the first run has saved it; "" if the file is gone."""
    return _KEY_FILE.read_text().strip() if _KEY_FILE.exists() else ""


def _command(*arguments: str) -> str:
    """Return a command of `manage.py` for the directory of the server, with the VAR_DIR that it has."""
    is_usual = settings.VAR_DIR == settings.BASE_DIR / "var"
    var = [] if is_usual else [f"VAR_DIR={shlex.quote(str(settings.VAR_DIR))}"]
    manage = [_to_paste(Path(sys.executable)), _to_paste(settings.BASE_DIR / "manage.py")]
    return " ".join([*var, *manage, *map(shlex.quote, arguments)])


def _to_paste(path: Path) -> str:
    """Return `path` for a shell in the directory of the server."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _staff_name() -> str:
    user = get_user_model().objects.filter(is_staff=True, is_active=True).order_by("-is_superuser", "pk").first()
    return user.get_username() if user else STAFF_USER


def _framed(title: str, facts: list[tuple[str, str]]) -> str:
    lines = [title, "", *(f"{name:12}{value}" for name, value in facts)]
    width = max(map(len, lines))
    edge = "─" * (width + 2)
    return "\n".join([f"╭{edge}╮", *(f"│ {line:{width}} │" for line in lines), f"╰{edge}╯"])
