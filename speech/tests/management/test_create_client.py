from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from speech.models import Client, hash_key

pytestmark = pytest.mark.django_db


def create(name: str, *options: str) -> str:
    output = io.StringIO()
    call_command("create_client", name, *options, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("name", ["", "a\nb", " bot", "bot ", "a\x1b[31mb"])
def test_a_name_that_no_command_can_show_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match=r"^name: "):
        create(name)
    assert not Client.objects.exists()


def test_the_key_stands_alone_on_the_last_line() -> None:
    key = create("bot").splitlines()[-1]
    assert Client.objects.get(name="bot").keys.get().key_hash == hash_key(key)


@pytest.mark.django_db(transaction=True)
def test_it_refuses_a_name_that_is_taken() -> None:
    create("bot")
    with pytest.raises(CommandError, match="a client named bot already exists"):
        create("bot")


def test_limits_can_be_set_from_the_start() -> None:
    create("bot", "--requests-per-minute", "60", "--daily-budget-usd", "2.50", "--daily-entries", "9", "--never-store")
    client = Client.objects.get(name="bot")
    limits = (client.requests_per_minute, client.daily_budget_usd, client.daily_entries)
    assert limits == (60, Decimal("2.50"), 9)
    assert (client.never_store, client.shared_scope) == (True, False)


@pytest.mark.parametrize("option", ["--requests-per-minute", "--daily-budget-usd", "--daily-entries"])
@pytest.mark.parametrize("value", ["abc", "", "nan", "-inf", "1,5", "sNaN"])
def test_what_is_no_number_is_refused_by_the_name_of_its_option(option: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"argument {option}: "):
        create("bot", f"{option}={value}")
    assert not Client.objects.exists()


@pytest.mark.parametrize("option", ["--requests-per-minute", "--daily-budget-usd", "--daily-entries"])
def test_a_number_that_no_column_holds_is_refused(option: str) -> None:
    with pytest.raises(CommandError, match=option.strip("-").replace("-", "_")):
        create("bot", f"{option}={10**30}")
    assert not Client.objects.exists()


@pytest.mark.parametrize("option", ["--requests-per-minute=0", "--daily-budget-usd=-1", "--daily-entries=-1"])
def test_it_refuses_a_limit_that_is_none(option: str) -> None:
    with pytest.raises(CommandError, match=option.split("=")[0].strip("-").replace("-", "_")):
        create("bot", option)
    assert not Client.objects.exists()
