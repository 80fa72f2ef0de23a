from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

pytest.importorskip("wordllama")


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    return write(
        tmp_path / "stream.jsonl",
        [
            {"q": "where is my order", "c": "order"},
            {"q": "Hello, where's my order?", "c": "order"},
            {"q": "turn on the light", "c": "on"},
            {"q": "turn off the light", "c": "off"},
            {"q": "turn the light on", "c": "something else"},
        ],
    )


def run(*args: object, **options: object) -> str:
    out = StringIO()
    call_command("semantic_eval", *args, stdout=out, **options)
    return out.getvalue()


def test_it_counts_hits_and_wrong_ones(stream: Path) -> None:
    result = json.loads(run(stream, json=True))
    assert result["files"]["stream.jsonl"]["n"] == 5
    assert result["files"]["stream.jsonl"]["hit_rate"] == pytest.approx(0.4)
    assert result["files"]["stream.jsonl"]["error_per_query"] == pytest.approx(0.2)
    assert result["files"]["stream.jsonl"]["false_hit_share"] == pytest.approx(0.5)
    assert result["mean_hit_rate"] == pytest.approx(0.4)
    assert result["worst_error_per_query"] == pytest.approx(0.2)
    assert set(result["files"]["stream.jsonl"]) >= {"ms_p50", "ms_p99"}


def test_quality_serves_the_normalised_one_only(stream: Path) -> None:
    assert json.loads(run(stream, level="quality", json=True))["mean_hit_rate"] == pytest.approx(0.2)


def test_it_prints_tiers_and_vetoes(stream: Path) -> None:
    text = run(stream, shuffles=2)
    assert "normalized" in text
    assert "opposites" in text
    headings, figures, *_ = text.splitlines()
    assert "Hits  Wrong per 100 questions" in headings and re.match(r"stream\.jsonl +5 +40\.0% +20\.00", figures)


def test_it_says_what_of_the_reusable_was_missed_and_why(tmp_path: Path) -> None:
    rows = [("find a therapist", "a"), ("find a family therapist", "a"), ("x² plus 1", "b"), ("y² plus 1", "b")]
    path = write(tmp_path / "missed.jsonl", [{"q": text, "c": label} for text, label in rows])
    assert json.loads(run(path, json=True))["files"]["missed.jsonl"]["reusable"] == pytest.approx(0.5)
    text = run(path)
    assert "50.0 % reusable; missed: words 1, not read 1" in text
    assert "no rule explains: family 1" in text


def test_it_explains_how_a_wrong_and_a_missed_hit_were_read(tmp_path: Path) -> None:
    rows = [("turn on the lamp in the hall", "on"), ("turn the hall lamp on", "other"), ("turn on the red lamp", "on")]
    path = write(tmp_path / "read.jsonl", [{"q": text, "c": label} for text, label in rows])
    text = run(path, explain=True)
    assert "WRONG 'turn the hall lamp on' was given the answer to 'turn on the lamp in the hall'" in text
    assert "    turn_on lamp | in hall\n" in text
    assert "MISSED 'turn on the red lamp' beside 'turn on the lamp in the hall': words (red hall)" in text


def test_it_measures_pairs(tmp_path: Path) -> None:
    pairs = write(
        tmp_path / "pairs.jsonl",
        [{"a": "where is my order", "b": "where's my order", "y": 1}, {"a": "call ravi", "b": "call rahul", "y": 0}],
    )
    assert "1 of 1 true paraphrases kept" in run(pairs)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"question": 1}\n', "must hold"),
        ('{"q": "a", "c": "b"}\n{"q": "a"}\n', "must hold"),
        ("", "must hold"),
        ("not json\n", "line 1 is not JSON"),
        ("\n[1]\n", "line 2 is not an object"),
        ("[" * 100_000, "line 1 is not JSON"),
    ],
    ids=["others", "one lacks a label", "empty", "no JSON", "a list", "nested"],
)
def test_it_refuses_a_file_of_another_form(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=rf"bad\.jsonl,? {problem}"):
        run(path)


def test_it_refuses_a_file_that_is_not_there() -> None:
    with pytest.raises(CommandError, match=r"nowhere\.jsonl"):
        run("nowhere.jsonl")
