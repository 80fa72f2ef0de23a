from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from speech.models import Client, ClientKey, hash_key

pytestmark = pytest.mark.django_db


def test_the_last_line_is_the_new_key_and_the_old_one_works_until_the_overlap_ends() -> None:
    client, old = Client.objects.create_with_key("bot")
    output = StringIO()
    call_command("rotate_key", "bot", hours=2, stdout=output)
    new = output.getvalue().strip().splitlines()[-1]
    assert ClientKey.objects.with_hash(hash_key(new)) and ClientKey.objects.with_hash(hash_key(old))
    expires = client.keys.get(key_hash=hash_key(old)).expires
    assert expires and expires <= timezone.now() + timedelta(hours=2)


@pytest.mark.parametrize(
    ("client", "hours", "told"),
    [("nobody", 1, "unknown client: nobody"), ("bot", 1, "first, laptop"), ("bot", -1, "hours")],
)
def test_a_mistake_is_named(client: str, hours: int, told: str) -> None:
    Client.objects.create_with_key("bot")[0].give_key("laptop")
    with pytest.raises(CommandError, match=told):
        call_command("rotate_key", client, "--hours", str(hours))


def test_no_key_that_was_replaced_works_longer_than_the_last_overlap(capsys: pytest.CaptureFixture[str]) -> None:
    client, leaked = Client.objects.create_with_key("bot")
    for hours in (1, 0):
        call_command("rotate_key", "bot", hours=hours)
    assert ClientKey.objects.with_hash(hash_key(leaked)) is None
    [new] = client.keys.active()
    assert new.name == "first (3)"
    told = capsys.readouterr().out.split('New API key "first (2)":')[1]
    assert [name in told for name in ('"first" (', '"first (2)" (', 'New API key "first (3)"')] == [True] * 3
    assert told.count(" stopped at ") == 2


def test_other_keys_work_on_and_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    client, _ = Client.objects.create_with_key("bot")
    client.give_key("laptop")
    call_command("rotate_key", "bot", key="laptop", hours=0)
    assert {key.name for key in client.keys.active()} == {"first", "laptop (2)"}
    assert "works as before: it is another key" in capsys.readouterr().out
