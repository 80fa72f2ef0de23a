from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.test import APIClient

from caching.database import remembered
from speech.api import authentication, key_usage
from speech.api.key_usage import usage
from speech.models import Client, ClientKey, hash_key
from speech.tests.support.bad_requests import error_of

QUERY = {"query": "Hello"}
Clients = Callable[..., tuple[Client, str]]


def known_client(key: str) -> Client:
    known = authentication.known_keys.get(hash_key(key))
    assert known
    return known.client


def ask(authorization: str | None) -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return APIClient().post("/api/chat/", QUERY, format="json", headers=headers)


@pytest.mark.django_db
def test_keys_that_are_read_together_are_those_of_their_clients_and_unknown_ones_stay_unknown(clients: Clients) -> None:
    (one, key), (two, other) = clients("one"), clients("two")
    known = authentication._read_all([hash_key(key), hash_key(other), hash_key("sg_unknown")])
    assert [found and found.client for found in known.values()] == [one, two, None]
    ClientKey.objects.filter(key_hash=hash_key(key)).revoke()
    assert authentication._read_all([hash_key(key)]) == {hash_key(key): None}


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer sg_unknown", "Basic dXNlcjpwYXNz", "sg_unknown", "Bearer \xff\xfe"],
)
def test_without_a_valid_key_nobody_gets_in(clients: Clients, authorization: str | None) -> None:
    response = ask(authorization)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert error_of(response)["type"] == "authentication_error"


def test_a_worker_without_requests_knows_the_keys_when_the_database_is_down(
    clients: Clients, django_assert_num_queries: Any
) -> None:
    _, key = clients("tester")
    revoked = clients("revoked")[0]
    revoked.keys.all().revoke()
    with django_assert_num_queries(1):
        authentication.learn_keys()
    assert authentication.known_keys._known.keys() == {hash_key(key)}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(clients: Clients, scheme: str) -> None:
    _, key = clients("tester")
    assert ask(f"{scheme} {key}").status_code == 200


def test_a_key_under_another_scheme_is_refused(clients: Clients) -> None:
    _, key = clients("tester")
    assert ask(f"Token {key}").status_code == 401


def test_more_than_one_blank_may_stand_before_the_key(clients: Clients) -> None:
    _, key = clients("tester")
    assert ask(f"Bearer  {key}").status_code == 200


def test_many_clients_are_remembered(clients: Clients, django_assert_num_queries: Any) -> None:
    made = [clients("first"), clients("second")]
    for _, key in made:
        assert authentication.known_keys.get(hash_key(key))
    with django_assert_num_queries(0):
        assert [known_client(key) for _, key in made] == [client for client, _ in made]


def test_a_client_is_read_again_after_half_its_time(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    client, key = clients("tester")
    now = [1000.0]
    monkeypatch.setattr(remembered, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert known_client(key) == client
    Client.objects.filter(pk=client.pk).update(is_active=False)
    now[0] += 7
    assert known_client(key) == client
    now[0] += 0.5  # half its time: within a transaction nothing is read in the background
    assert authentication.known_keys.get(hash_key(key)) is None


def test_a_client_that_was_switched_off_is_unknown(clients: Clients) -> None:
    _, key = clients("tester", is_active=False)
    response = ask(f"Bearer {key}")
    assert response.status_code == 401
    assert error_of(response)["message"] == "Invalid, expired or revoked API key."


def test_a_missing_key_is_explained(clients: Clients) -> None:
    for authorization in (None, "Bearer ", "Basic dXNlcjpwYXNz"):
        assert error_of(ask(authorization))["message"] == "Send your API key as `Authorization: Bearer <key>`."


def test_the_server_is_told_whose_request_it_is(clients: Clients) -> None:
    client, key = clients("tester")
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {key}"})
    assert authentication.ClientKeyAuthentication().authenticate(request) == (client, "")
    assert request.META["speech.client"] == str(client.pk)


def test_the_schema_says_how_to_authenticate() -> None:
    scheme: Any = OpenApiAuthenticationExtension.get_match(authentication.ClientKeyAuthentication())
    assert scheme.name == "api_key"
    assert scheme.get_security_definition(None) == {"type": "http", "scheme": "bearer"}


def test_a_hit_costs_no_query(api: Any, django_assert_num_queries: Any) -> None:
    api.post("/api/chat/", QUERY, format="json")
    with django_assert_num_queries(0):
        response = api.post("/api/chat/", QUERY, format="json")
    assert response.headers["X-Cache"] == "HIT"


def test_an_unknown_key_is_looked_up_once(clients: Clients, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert {ask("Bearer sg_guessed").status_code for _ in range(5)} == {401}


def test_a_revoked_key_dies_within_thirty_seconds(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    client, key = clients("tester")
    assert ask(f"Bearer {key}").status_code == 200
    Client.objects.filter(pk=client.pk).update(is_active=False)
    now = time.monotonic()
    # Of this module alone: other threads need the real one.
    monkeypatch.setattr(remembered, "time", SimpleNamespace(monotonic=lambda: now + 30))
    assert ask(f"Bearer {key}").status_code == 401


def test_guessing_does_not_fill_the_memory(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication.known_keys, "_most", 10)
    for number in range(25):
        ask(f"Bearer sg_{number}")
    assert len(authentication.known_keys._known) <= 10


def test_clients_do_not_see_each_others_answers(clients: Clients) -> None:
    (_, first), (_, second) = clients("first"), clients("second")
    assert ask(f"Bearer {first}").headers["X-Cache"] == "MISS"
    assert ask(f"Bearer {second}").headers["X-Cache"] == "MISS"


def test_clients_that_share_see_each_others_answers(clients: Clients, redis_client: Any) -> None:
    (_, first), (_, second) = clients("first", shared_scope=True), clients("second", shared_scope=True)
    seen = [ask(f"Bearer {key}").headers["X-Cache"] for key in (first, second, first)]
    assert seen == ["MISS", "MISS", "HIT"], "what only one has asked for is not shared"


def test_the_key_itself_is_never_stored(clients: Clients) -> None:
    client, key = clients("tester")
    (row,) = client.keys.all()
    stored = {str(value) for value in (*vars(client).values(), *vars(row).values())}
    assert not any(key in value for value in stored) and row.key_hint == key[:8]


def test_a_key_expires_to_the_second_even_while_it_is_remembered(clients: Clients) -> None:
    _, key = clients("tester")
    assert ask(f"Bearer {key}").status_code == 200
    known = authentication.known_keys.get(hash_key(key))
    assert known
    known.expires = timezone.now() - timedelta(seconds=1)
    assert ask(f"Bearer {key}").status_code == 401


def test_after_a_rotation_both_keys_work_until_the_overlap_ends(clients: Clients) -> None:
    client, old = clients("tester")
    (key,) = client.keys.all()
    new = key.rotate(timedelta(hours=1)).secret
    assert [ask(f"Bearer {each}").status_code for each in (old, new)] == [200, 200]
    client.keys.filter(pk=key.pk).update(expires=timezone.now())
    authentication.known_keys.forget()
    assert [ask(f"Bearer {each}").status_code for each in (old, new)] == [401, 200]


def test_a_temporary_key_does_not_become_a_permanent_one(clients: Clients) -> None:
    client, _ = clients("tester")
    end = timezone.now() + timedelta(hours=3)
    key = ClientKey.objects.issue(client, "trial", end)
    assert (key.rotate(timedelta(hours=24)).expires, key.expires) == (end, end)


def test_keys_of_one_client_share_its_entries(clients: Clients) -> None:
    client, first = clients("tester")
    second = client.give_key("second")
    assert [ask(f"Bearer {key}").headers["X-Cache"] for key in (first, second)] == ["MISS", "HIT"]


def test_the_last_use_is_written_behind_the_requests(clients: Clients, django_assert_num_queries: Any) -> None:
    usage.write()
    client, key = clients("tester")
    ask(f"Bearer {key}")
    assert client.keys.get().last_used is None
    before = timezone.now()
    with django_assert_num_queries(0):
        ask(f"Bearer {key}")
    with CaptureQueriesContext(connection) as noted:
        usage.write()
        usage.write()
    assert updates(noted) == 1
    used = client.keys.get().last_used
    assert used and before <= used <= timezone.now()


def test_any_number_of_keys_is_noted_in_a_statement_for_each_second(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage.write()
    keys = [clients(f"client {number}")[0].keys.get() for number in range(20)]
    now = time.time() // 60 * 60
    for number, key in enumerate(keys):
        monkeypatch.setattr(key_usage, "time", lambda number=number: now + number % 2 + number / 100)
        usage.note(key.pk)
    with CaptureQueriesContext(connection) as noted:
        usage.write()
    assert updates(noted) == 2
    moments = ClientKey.objects.filter(pk__in=[key.pk for key in keys]).values_list("last_used", flat=True)
    seconds = [moment.timestamp() - now for moment in moments if moment]
    assert len(seconds) == len(keys)
    assert all(0 <= second < 3 for second in seconds)
    assert len(set(seconds)) == 2


def test_a_statement_that_is_refused_drops_no_other(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    usage.write()
    keys = [clients(f"client {number}")[0].keys.get() for number in range(3)]
    for number, key in enumerate(keys):
        monkeypatch.setattr(key_usage, "time", lambda number=number: 1_000_000_000.0 + number)
        usage.note(key.pk)
    refused: list[str] = []

    def refuse_first(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and not refused:
            refused.append(sql)
            raise OperationalError("deadlock detected")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse_first):
        usage.write()
    used = [ClientKey.objects.get(pk=key.pk).last_used for key in keys]
    assert [moment is None for moment in used] == [True, False, False]


def updates(noted: CaptureQueriesContext) -> int:
    return sum(query["sql"].startswith("UPDATE") for query in noted.captured_queries)


def test_a_client_that_has_not_changed_stays_the_same_object(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    client, key = clients("tester")
    now = [1000.0]
    monkeypatch.setattr(remembered, "time", SimpleNamespace(monotonic=lambda: now[0]))
    first = known_client(key)
    now[0] += 20
    usage.write()
    assert known_client(key) is first
    Client.objects.filter(pk=client.pk).update(requests_per_minute=5)
    now[0] += 20
    changed = known_client(key)
    assert changed is not first and changed.requests_per_minute == 5
