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
        call_command("rotate_key", client, hours=hours)
