"""The commands that look at the cache and the ledger, against a real Redis."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.conf import settings as current
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.utils import timezone

from caching.models import BarChange, Call, EntryHits, HourlyUsage, Judgement
from caching.redis import store
from caching.semantic.scoring.model import packaged_model
from speechsite.conf.env import MOST_DAYS
from speechsite.tests.support.refusal import refused

pytestmark = pytest.mark.django_db

UseRedis = Callable[[str], None]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        call_command(*arguments)
        return capsys.readouterr().out

    return run


@pytest.fixture(autouse=True)
def entries(redis_client: redis.Redis) -> None:
    for number in range(3):
        entry = {"question": f"{number}?", "level": "speed", "by": "bot", "created": time.time() - 100 * number}
        store.put(f"llm:exact:{number}", entry, 600)
    redis_client.set("tts:a:b:c:wav", "x")
    redis_client.set("somebody:elses", "1")


def test_stats_show_the_ledger_and_redis(run: Callable[..., str]) -> None:
    fields = {"hour": timezone.now().replace(minute=0, second=0, microsecond=0), "cache_type": "llm", "level": "speed"}
    fields |= {"provider": "acme", "model": "m", "currency": "USD"}
    HourlyUsage.objects.create(**fields, outcome="exact", requests=3, saved=Decimal("0.3"))
    HourlyUsage.objects.create(**fields, outcome="miss", requests=1, cost=Decimal("0.1"), unpriced=1)
    found = json.loads(run("cache_stats", "--json", "--since", "1h"))
    assert (found["hit_rate"], found["spent"], found["saved"], found["currency"]) == (0.75, "0.1", "0.3", "USD")
    assert found["from"].endswith(":00:00+00:00"), "hours are counted as a whole"
    assert found["redis"]["keys"]["llm:exact"] == 3
    text = run("cache_stats")
    for part in (
        r"Hit rate +75\.0%",
        r"Saved +\$0\.30  75\.0% of the bill without a cache, \$0\.40$",
        r"Spent +\$0\.10  and 1 unpriced requests: acme/m$",
        r"^Model +Requests +Hit rate +Saved +Spent$",
        r"^acme/m +4 +75\.0% +\$0\.30 +\$0\.10$",
        "llm:exact 3",
    ):
        assert re.search(part, text, re.MULTILINE), part


def test_stats_mark_amounts_of_sample_data_and_of_local_providers(run: Callable[..., str]) -> None:
    hour = {"hour": timezone.now().replace(minute=0, second=0, microsecond=0), "cache_type": "llm"}
    HourlyUsage.objects.create(**hour, provider="acme", currency="XTS", outcome="exact", requests=3, saved=Decimal(3))
    HourlyUsage.objects.create(**hour, provider="acme", currency="XTS", outcome="miss", requests=1, cost=Decimal(1))
    text = run("cache_stats")
    for part in (
        r"^Requests +4  exact 3, miss 1; sample data 4$",
        r"^Saved +\$3\.00  75\.0% of the bill without a cache, \$4\.00; sample data, nothing was paid$",
        r"^Spent +\$1\.00  sample data, nothing was paid$",
        r"Saved \(sample data\) +Spent \(sample data\)$",
    ):
        assert re.search(part, text, re.MULTILINE), part
    demo = {"provider": "demo", "currency": "USD", "output_tokens": 1_000_000}
    HourlyUsage.objects.create(**hour, **demo, outcome="exact", requests=1)
    assert re.search(r"^Saved +\$3\.50 .*; sample data and demo prices, nothing was paid$", run("cache_stats"), re.M)
    HourlyUsage.objects.filter(currency="XTS").delete()
    assert re.search(r"^Saved +\$0\.50 .*; demo prices, nothing was paid$", run("cache_stats"), re.M)


def test_stats_need_neither_data_nor_redis(run: Callable[..., str], use_redis: UseRedis) -> None:
    use_redis("")
    assert "no requests" in run("cache_stats") and "Redis     off: REDIS_URL is not set" in run("cache_stats")


def test_stats_without_the_configured_redis_end_with_its_error(
    use_redis: UseRedis, capsys: pytest.CaptureFixture[str]
) -> None:
    use_redis("redis://127.0.0.1:1/0")
    with pytest.raises(CommandError, match="Connection refused"):
        call_command("cache_stats")
    shown = capsys.readouterr().out
    assert "Hit rate" in shown and "disconnected: Connection refused" in shown and "Keys" not in shown


@pytest.mark.parametrize("since", ["7", "d", "1w", "-1h", ""])
def test_a_bad_duration_is_refused(since: str) -> None:
    with pytest.raises(CommandError, match="must look like"):
        call_command("cache_stats", f"--since={since}")


def test_inspect_shows_one_entry(run: Callable[..., str]) -> None:
    found = json.loads(run("cache_inspect", "llm:exact:1", "--json"))
    assert (found["kind"], found["made_by"], found["value"]["question"]) == ("llm:exact", "bot", "1?")
    text = run("cache_inspect", "llm:exact:1")
    assert re.search(r"^Question +1\?$", text, re.MULTILINE) and re.search(r"^Client +bot$", text, re.MULTILINE)
    assert re.search(r"^Age +1 min$", text, re.MULTILINE) and re.search(r"^Expires +in \d+ min$", text, re.MULTILINE)
    with pytest.raises(CommandError, match="not found: llm:exact:9"):
        run("cache_inspect", "llm:exact:9")


def test_a_flush_says_how_many_and_leaves_the_rest(run: Callable[..., str], redis_client: redis.Redis) -> None:
    listed = run("cache_flush", "--llm", "--dry-run").splitlines()
    assert listed[0].startswith("Would delete 3 keys, ") and "  llm:exact:1" in listed[1:]
    assert redis_client.dbsize() == 5
    assert "Deleted 1 keys" in run("cache_flush", "--llm", "--older-than", "150s", "--yes")
    # Two answers, and the index with the news of the one that went before.
    assert "Deleted 3 keys" in run("cache_flush", "--llm", "--yes")
    assert set(redis_client.keys()) == {b"tts:a:b:c:wav", b"somebody:elses"}
    assert "Deleted 1 keys" in run("cache_flush", "--yes")
    assert redis_client.keys() == [b"somebody:elses"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        *((command, "cache_flush --yes") for command in ("scan", "memory", "unlink")),
        ("scan", "semantic_reindex"),
    ],
)
def test_a_command_that_redis_refuses_a_part_of_fails(
    run: Callable[..., str], redis_client: redis.Redis, command: str, words: str
) -> None:
    refusal = pytest.raises(CommandError, match="then Redis failed: The Redis user lacks a permission")
    with refused(redis_client, command), refusal:
        run(*words.split())


@pytest.mark.parametrize(("answer", "left"), [("n", 5), ("", 5), ("y", 1)])
def test_a_flush_asks_first(
    run: Callable[..., str], redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: answer)
    if answer == "y":
        assert "Would delete 4 keys" in run("cache_flush")
    else:
        with pytest.raises(CommandError, match="nothing was deleted"):
            run("cache_flush")
    assert redis_client.dbsize() == left


@pytest.mark.parametrize("standard_input", ["empty", "closed"])
def test_a_flush_that_nobody_can_answer_names_the_option(
    run: Callable[..., str], redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch, standard_input: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO() if standard_input == "empty" else None)
    with pytest.raises(CommandError, match=r"^Add --yes to delete without asking.$"):
        run("cache_flush")
    assert redis_client.dbsize() == 5


def test_a_flush_of_nothing_does_not_ask(run: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run("cache_flush", "--stt") == "Nothing to delete\n"


@pytest.mark.parametrize("options", [["--yes"], ["--dry-run"], []])
def test_a_flush_for_a_client_that_does_not_exist_is_refused(
    run: Callable[..., str], redis_client: redis.Redis, options: list[str]
) -> None:
    with pytest.raises(CommandError, match=r"^unknown client: nobody$"):
        run("cache_flush", "--client", "nobody", "--llm", *options)
    assert redis_client.dbsize() == 5


def test_entries_of_a_client_that_is_gone_can_be_flushed(run: Callable[..., str]) -> None:
    assert "Deleted 3 keys" in run("cache_flush", "--client", "bot", "--llm", "--yes")
    with pytest.raises(CommandError, match="unknown client: bot"):
        run("cache_flush", "--client", "bot", "--llm", "--yes")


@pytest.mark.parametrize("words", [["cache_flush", "--yes"], ["cache_inspect", "llm:exact:1"], ["semantic_reindex"]])
def test_a_command_without_redis_says_what_is_missing(use_redis: UseRedis, words: list[str]) -> None:
    use_redis("")
    with pytest.raises(CommandError, match="REDIS_URL is not set, and no `make run` with a Redis of its own is runn"):
        call_command(*words)


def test_a_flush_uses_no_command_that_blocks(run: Callable[..., str], redis_client: redis.Redis) -> None:
    redis_client.config_resetstat()
    run("cache_flush", "--yes")
    used = {name.removeprefix("cmdstat_") for name in redis_client.info("commandstats")}
    assert {"scan", "unlink"} <= used
    assert not used & {"keys", "flushdb", "flushall", "del"}


def test_a_flush_of_many_keys_blocks_nobody(run: Callable[..., str], redis_client: redis.Redis) -> None:
    for start in range(0, 100_000, 10_000):
        redis_client.mset({f"llm:exact:{number:064}": "x" * 300 for number in range(start, start + 10_000)})
    redis_client.config_resetstat()
    assert "Deleted 100,003 keys" in run("cache_flush", "--llm", "--yes")
    stats = redis_client.info("commandstats")
    # The promise is 10 ms for the slowest of all; averages are what a busy machine does not disturb.
    for command in ("scan", "unlink", "memory|usage"):
        assert stats[f"cmdstat_{command}"]["usec_per_call"] < 5000


def test_the_doctor_is_content(run: Callable[..., str]) -> None:
    text = run("cache_doctor")
    # The test Redis has no memory limit, which is a warning.
    assert re.search(r"^No errors, \d+ warnings?\.$", text, re.MULTILINE), text
    assert "ok      write" in text


def test_the_doctor_fails_where_requests_would(use_redis: UseRedis, settings: Any) -> None:
    use_redis("redis://127.0.0.1:1/0")
    settings.LLM_PROVIDER = "nobody"
    with pytest.raises(CommandError, match="2 errors"):
        call_command("cache_doctor")


def test_check_deploy_says_the_same(use_redis: UseRedis, settings: Any) -> None:
    use_redis("redis://127.0.0.1:1/0")
    settings.TTS_PROVIDER = "demo"
    with pytest.raises(SystemCheckError) as caught:
        call_command("check", "--deploy", "--tag", "redis", "--tag", "gateway")
    assert "Redis, TCP: Connection refused" in str(caught.value) and "TTS_PROVIDER is 'demo'" in str(caught.value)


def test_the_doctor_names_a_currency_that_cannot_be_shown(run: Callable[..., str], settings: Any) -> None:
    settings.CURRENCY_RATES = {"USD": Decimal(1)}
    assert "no exchange rate for INR" in run("cache_doctor")


def test_old_rows_are_pruned_and_sums_stay(run: Callable[..., str]) -> None:
    now = timezone.now()
    for days in (1, current.LEDGER_RETENTION_DAYS + 2):
        moment = now - timedelta(days=days)
        Call.objects.create(created=moment, cache_type="llm", outcome="miss")
        EntryHits.objects.create(day=moment.date(), key="a", cache_type="llm")
        HourlyUsage.objects.create(hour=moment, cache_type="llm", outcome="miss")
    assert "Would delete 1 calls and 1 entry-hit rows" in run("prune_ledger", "--dry-run")
    assert "Deleted 1 calls and 1 entry-hit rows" in run("prune_ledger")
    assert (Call.objects.count(), EntryHits.objects.count(), HourlyUsage.objects.count()) == (1, 1, 2)


def test_rows_may_be_kept_for_ever(run: Callable[..., str], settings: Any) -> None:
    settings.LEDGER_RETENTION_DAYS = MOST_DAYS
    assert "Deleted 0 calls and 0 entry-hit rows" in run("prune_ledger")


def test_a_judgement_outlives_its_texts_where_the_answer_was_wrong(run: Callable[..., str]) -> None:
    long_ago = timezone.now() - timedelta(days=current.LEDGER_RETENTION_DAYS + 2)
    for number, (verdict, created) in enumerate([("right", long_ago), ("wrong", long_ago), ("right", timezone.now())]):
        Judgement.objects.create(
            match=str(number), judge="client", verdict=verdict, created=created, pair="p", question="q", comment="c"
        )
    run("prune_ledger")
    kept = Judgement.objects.order_by("match").values_list("match", "pair", "question", "comment")
    assert list(kept) == [("1", "p", "", ""), ("2", "p", "q", "c")]


def test_stats_show_how_wrong_the_semantic_tier_is_and_what_shadow_mode_would_have_done(
    run: Callable[..., str], settings: Any
) -> None:
    settings.SEMANTIC_MODE = "shadow"
    fields = {"hour": timezone.now().replace(minute=0, second=0, microsecond=0), "cache_type": "llm", "level": "speed"}
    for outcome, requests in (("shadow", 20), ("miss", 100), ("judged", 10)):
        HourlyUsage.objects.create(**fields, outcome=outcome, requests=requests)
    for number in range(10):
        verdict = "wrong" if number < 2 else "right"
        Judgement.objects.create(match=str(number), judge="model", verdict=verdict, level="speed")
    Judgement.objects.create(match="0", judge="client", verdict="wrong", level="speed")
    BarChange.objects.create(level="speed", number=1, steps=1, bar=0.9, judged=9, wrong=9, reason="9 of 9 were wrong")
    found = json.loads(run("cache_stats", "--json", "--since", "1h"))
    speed = found["semantic"]["levels"]["speed"]
    assert (speed["hits"], speed["shadow_hits"], speed["judged"], speed["wrong"]) == (0, 20, 10, 2)
    # Wilson's interval of 2 in 10, and of one question in five.
    assert speed["wrong_share_of_hits"] == [0.0567, 0.5098]
    assert speed["wrong_per_100_questions"] == [1.13, 10.2]
    assert speed["budget_per_100_questions"] == 3 and speed["bar"] > packaged_model().thresholds["speed"]
    assert found["semantic"]["verdicts"]["client"] == {"right": 0, "wrong": 1}
    assert sum(found["requests"].values()) == 100, "what the cache does by itself is no request"
    text = run("cache_stats")
    for part in (
        "would have answered 20 questions",
        "2 of 10 reviewed hits wrong: 1.13 to 10.20",
        "9 of 9 were wrong",
    ):
        assert part in text
