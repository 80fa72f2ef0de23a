from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command

from caching.ledger.writer import writer
from caching.models import HourlyUsage, Price
from caching.pricing import prices
from speech import providers
from speech.exceptions import ProviderUnavailable
from speech.management import warming

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def bot(clients: Callable[..., Any], redis_client: redis.Redis) -> None:
    clients("bot")


def warm(path: Path, *options: str, capsys: pytest.CaptureFixture[str] | None = None) -> str:
    call_command("cache_warm", str(path), "--client", "bot", "--yes", "--concurrency", "2", *options)
    return capsys.readouterr().out if capsys else ""


def jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def requests() -> dict[str, int]:
    writer.flush()
    return {row.outcome: row.requests for row in HourlyUsage.objects.filter(cache_type="llm")}


def test_it_asks_and_speaks_what_the_file_says(
    tmp_path: Path, redis_client: redis.Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"query": "One?"}, {"text": "Hello.", "language": "en"}, {"query": "Two?"})
    assert "3 requests, about 0 USD" in warm(path, capsys=capsys)
    assert len(redis_client.keys("llm:exact:*")) == 2
    assert len(redis_client.keys("tts:espeak:*")) == 1
    assert list(tmp_path.iterdir()) == [path], "the record of a finished run is removed"


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-16")])
def test_it_reads_csv_as_spreadsheets_write_it(
    tmp_path: Path, redis_client: redis.Redis, delimiter: str, encoding: str
) -> None:
    path = tmp_path / "a.csv"
    rows = 'query|optimization_level|text\r\n"One, two?"|speed|\r\n||नमस्ते।\r\n||\r\n'
    path.write_bytes(rows.replace("|", delimiter).encode(encoding))
    warm(path)
    (key,) = redis_client.keys("llm:exact:*")
    assert json.loads(redis_client.get(key) or b"{}")["question"] == "One, two?"
    assert 500 < redis_client.ttl(key) <= 600
    assert len(redis_client.keys("tts:espeak:hi:*")) == 1


@pytest.mark.parametrize(("name", "content"), [("a.csv", "query\nGeöffnet?\n"), ("a.jsonl", '{"query": "Geöffnet?"}')])
def test_it_reads_the_encoding_that_is_named(
    tmp_path: Path, redis_client: redis.Redis, name: str, content: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="cp1252")
    warm(path, "--encoding", "cp1252")
    (key,) = redis_client.keys("llm:exact:*")
    assert json.loads(redis_client.get(key) or b"{}")["question"] == "Geöffnet?"


@pytest.mark.parametrize("first", ['sep=;"', 'sep="', 'query;"a'])
def test_a_csv_that_is_none_is_refused(tmp_path: Path, first: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{first}\nquery\nWhat?\n")
    with pytest.raises(CommandError, match=r"a\.csv, line \d+: "):
        warm(path)


@pytest.mark.parametrize(
    ("header", "row", "meant"),
    [
        ("text;speed;sample_rate;speakable", "Hallo.;0.9;8000;TRUE", {"speed": 0.9, "speakable": True}),
        ("text;speakable;timestamps", 'Hallo.;false;["word"]', {"speakable": False, "timestamps": ("word",)}),
        ("query;temperature;max_tokens;seed", "Hallo?;0;50;7", {"temperature": 0.0, "max_tokens": 50, "seed": 7}),
        ("query;model", "1;2", {"model": "2"}),
        ("messages", '"[{""role"": ""user"", ""content"": ""Hallo?""}]"', {}),
        (",text", "0,Hallo.", {"text": "Hallo."}),
        ("text,,speed,,", "Hallo.,a note,0.9,,", {"text": "Hallo.", "speed": 0.9}),
    ],
)
def test_a_cell_of_csv_has_the_type_of_its_field(tmp_path: Path, header: str, row: str, meant: dict[str, Any]) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    [job] = warming.read(path)
    assert meant.items() <= job.body.validated_data.items()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("text\nHello, how can I help?\n", "line 2: 'how can I help\\?' is in no column"),
        ("text,\nHello.,loud\n", "line 2: 'loud' is in no column"),
        (",text\n0,Hello, you.\n", "line 2: 'you\\.' is in no column"),
        ("text;speed\nHallo.;0,9\n", "line 2: speed: A valid number is required"),
    ],
)
def test_a_cell_of_csv_that_cannot_be_used_is_named(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(CommandError, match=problem):
        warm(path)


def test_nothing_is_paid_for_that_cannot_be_recorded(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"query": "What?"})
    (tmp_path / "a.jsonl.done").mkdir()
    with pytest.raises(CommandError, match="cannot read the record of completed rows"):
        warm(path)
    (tmp_path / "a.jsonl.done").rmdir()
    (tmp_path / "a.jsonl.done").symlink_to("/no/such/folder/file")
    with pytest.raises(CommandError, match="cannot write the record of completed rows"):
        warm(path)
    assert requests() == {}


def test_it_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = jsonl(tmp_path / "a.jsonl", *({"query": f"{number}?"} for number in range(4)))
    demo = providers.get("demo")
    chat = demo.chat

    def fails_once(request: Any) -> Any:
        if request.messages[-1]["content"] == "2?":
            raise ProviderUnavailable("the provider is away")
        return chat(request)

    monkeypatch.setattr(demo, "chat", fails_once)
    with pytest.raises(CommandError, match="3 of 4 done"):
        warm(path)
    monkeypatch.setattr(demo, "chat", chat)
    warm(path)
    assert requests() == {"miss": 4, "error": 1}, "what was done is not asked for again, not even in the cache"


def test_it_tells_what_it_will_cost_before_it_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Price.objects.create(provider="espeak", model="*", unit="characters", amount="0.5", per=1, source="a test")
    Price.objects.create(provider="demo", model="*", unit="input_tokens", amount="0.5", per=1, source="a test")
    prices.forget()
    path = jsonl(tmp_path / "a.jsonl", {"text": "Hello.", "language": "en"}, {"query": "What?"})
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    with pytest.raises(CommandError, match="nothing was done"):
        call_command("cache_warm", str(path), "--client", "bot")
    assert "2 requests, about 3 USD, and 1 of unknown cost" in capsys.readouterr().out
    assert not HourlyUsage.objects.exists()


def test_where_nobody_can_answer_it_names_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"query": "What?"})
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match=r"^Add --yes to continue without asking.$"):
        call_command("cache_warm", str(path), "--client", "bot")
    assert not HourlyUsage.objects.exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "line 1: not valid JSON"),
        ("[" * 100_000, "line 1: nested too deeply"),
        ('{"query": "a"}\n{"messages": "b"}', "line 2: messages must be"),
        ('{"query": "a", "temperature": NaN}', "line 1: not valid JSON"),
        ("[]", "line 1: must be an object"),
        ('{"query": "a"}\n{"query": ""}', "line 2: query"),
        ('{"query": "a", "colour": "red"}', "line 1: .*colour"),
        ('{"text": "a", "codec": "mp9"}', "line 1: codec"),
        ('{"query": "geöffnet?"}', "not in utf-8: save it in UTF-8 .*, or name its encoding"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_asked(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content, encoding="cp1252")
    with pytest.raises(CommandError, match=problem):
        warm(path)
    assert not HourlyUsage.objects.exists()


def test_without_redis_nothing_is_asked(tmp_path: Path, use_redis: Callable[[str], None]) -> None:
    use_redis("")
    with pytest.raises(CommandError, match="REDIS_URL is not set"):
        warm(jsonl(tmp_path / "a.jsonl", {"query": "What?"}))
    writer.flush()
    assert not HourlyUsage.objects.exists()


def test_an_unknown_client_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="unknown client: nobody"):
        call_command("cache_warm", str(tmp_path / "a"), "--client", "nobody", "--yes")
    with pytest.raises(CommandError, match="cannot read"):
        warm(tmp_path / "a.csv")
