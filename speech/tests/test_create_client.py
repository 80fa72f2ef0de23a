from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from speech.models import Client, hash_key

pytestmark = pytest.mark.django_db


def create(name: str) -> str:
    output = io.StringIO()
    call_command("create_client", name, stdout=output)
    return output.getvalue()


def test_the_key_stands_alone_on_the_last_line() -> None:
    key = create("bot").splitlines()[-1]
    assert Client.objects.get(name="bot").key_hash == hash_key(key)


@pytest.mark.django_db(transaction=True)
def test_it_refuses_a_name_that_is_taken() -> None:
    create("bot")
    with pytest.raises(CommandError, match="there is a client called bot already"):
        create("bot")
