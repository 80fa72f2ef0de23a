"""First run of a fresh checkout: a staff user, an API key, and three lines to paste."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth import get_user_model

from speech.models import Client

DEMO_CLIENT = "demo"
STAFF_USER = "admin"
_KEY_FILE = settings.VAR_DIR / "demo_api_key"


def create_accounts() -> Iterator[str]:
    """Create the staff user and the demo key unless they exist. Yield a line about each."""
    user_model = get_user_model()
    if not user_model.objects.filter(is_staff=True).exists():
        password = secrets.token_urlsafe(12)
        user_model.objects.create_superuser(STAFF_USER, password=password)
        yield f"Staff user: {STAFF_USER}, password: {password} (shown this once)"
    if not Client.objects.filter(name=DEMO_CLIENT).exists():
        _, key = Client.objects.create_with_key(DEMO_CLIENT)
        _KEY_FILE.touch(mode=0o600)
        _KEY_FILE.write_text(key)
        yield f"Demo API key: {key}"


def introduction(url: str) -> str:
    """Return the three lines that `make run` prints last."""
    key = _KEY_FILE.read_text() if _KEY_FILE.exists() else "$API_KEY"
    post = f"curl -s -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json'"
    return (
        f"""\n{post} {url}/api/chat/ -d '{{"query": "What is a cache?"}}'\n"""
        f"""{post} {url}/api/tts/ -d '{{"text": "Hello from the cache."}}' -o hello.wav\n"""
        f"""curl -s -o /dev/null -w '%{{http_code}}\\n' {url}/admin/login/   # the dashboard: open {url}/admin/\n"""
    )
