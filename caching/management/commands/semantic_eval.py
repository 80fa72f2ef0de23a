from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from caching.management.arguments import whole_number
from caching.management.tables import table
from caching.semantic.embedders import get_embedder
from caching.semantic.embedders import names as embedder_names
from caching.semantic.embedders.base import BaseEmbedder
from caching.semantic.evaluation import EvaluationResult, LabelJudge, compare, is_pairs, read_pairs, read_stream, replay
from caching.semantic.indexes import get_index
from caching.semantic.indexes import names as index_names
from caching.semantic.matcher import Matcher
from caching.semantic.missed import as_read
from caching.semantic.scoring.threshold import ERROR_LIMITS

MAX_WORDS = 20
HEADINGS = ("File", "Questions", "Hits", "Wrong per 100 questions", "Worst order", "Wrong of the hits", "p50", "p99")
# Error limit per question.
LEVELS = {"quality": 0.0, **ERROR_LIMITS}


class Command(BaseCommand):
    help = "Measure hit rate and errors on labelled questions (JSON Lines with q and c, or a, b and y)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--level", choices=LEVELS, default="balanced")
        parser.add_argument(
            "--shuffles",
            type=whole_number(0, 1000),
            default=0,
            help="average over the order of the file and N random ones",
        )
        parser.add_argument("--embedder", choices=embedder_names(), default="wordllama")
        parser.add_argument("--index", choices=index_names(), default="numpy")
        parser.add_argument(
            "--judged",
            action="store_true",
            help="let the labels review at most 5 pairs in 100 questions, as a model would",
        )
        parser.add_argument("--explain", action="store_true", help="print how each wrong and each missed hit was read")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> str:
        try:
            embedder = get_embedder(options["embedder"])
            results = {path.name: measure(path, embedder, options) for path in files}
        except (OSError, ValueError, ImportError) as err:
            raise CommandError(str(err)) from err
        if options["json"]:
            return as_json(results)
        return "\n".join([*(explained(results) if options["explain"] else ()), as_text(results)])


def measure(path: Path, embedder: BaseEmbedder, options: dict[str, Any]) -> list[EvaluationResult]:
    """Return one result per order of the file."""
    level = options["level"]
    if is_pairs(path):
        return [compare(_matcher(embedder, options["index"]), read_pairs(path), level)]
    stream = read_stream(path)
    orders = [stream, *(Random(seed).sample(stream, len(stream)) for seed in range(options["shuffles"]))]  # noqa: S311 - an order, not a secret
    return [
        replay(_matcher(embedder, options["index"]), order, level, LabelJudge(level) if options["judged"] else None)
        for order in orders
    ]


def _matcher(embedder: BaseEmbedder, index: str) -> Matcher:
    return Matcher(embedder, get_index(index, embedder.dimensions))


def _figures(results: list[EvaluationResult]) -> dict[str, float]:
    def mean(name: str) -> float:
        return sum(getattr(result, name) for result in results) / len(results)

    return {
        "n": results[0].n,
        "hit_rate": round(mean("hit_rate"), 5),
        "error_per_query": round(mean("error_per_query"), 5),
        "false_hit_share": round(mean("false_hit_share"), 5),
        "reviews": round(mean("reviews") / max(results[0].n, 1), 5),
        "reusable": round(mean("reusable") / max(results[0].n, 1), 5),
        "ms_p50": round(sum(result.percentile(50) for result in results) / len(results), 3),
        "ms_p99": round(sum(result.percentile(99) for result in results) / len(results), 3),
    }


def _summary(files: dict[str, dict[str, float]]) -> dict[str, float]:
    return {
        "mean_hit_rate": round(sum(each["hit_rate"] for each in files.values()) / len(files), 5),
        "mean_false_hit_share": round(sum(each["false_hit_share"] for each in files.values()) / len(files), 5),
        "worst_error_per_query": max(each["error_per_query"] for each in files.values()),
    }


def as_json(results: dict[str, list[EvaluationResult]]) -> str:
    files = {name: _figures(found) for name, found in results.items()}
    return json.dumps({"files": files, **_summary(files)})


def as_text(results: dict[str, list[EvaluationResult]]) -> str:
    summary = _summary({name: _figures(found) for name, found in results.items()})
    rows = [_row(name, found) for name, found in results.items()]
    rows.append(
        (
            "mean (wrong per 100: the worst file)",
            "",
            f"{summary['mean_hit_rate']:.1%}",
            f"{100 * summary['worst_error_per_query']:.2f}",
            "",
            f"{summary['mean_false_hit_share']:.1%}",
            "",
            "",
        )
    )
    lines = table(HEADINGS, rows)
    for name, found in results.items():
        lines += [f"{name}:", *_details(found)]
    return "\n".join(lines)


def _row(name: str, found: list[EvaluationResult]) -> tuple[str, ...]:
    each = _figures(found)
    return (
        name,
        f"{each['n']:,}",
        f"{each['hit_rate']:.1%}",
        f"{100 * each['error_per_query']:.2f}",
        f"{100 * max(result.error_per_query for result in found):.2f}",
        f"{each['false_hit_share']:.1%}",
        f"{each['ms_p50']:.2f} ms",
        f"{each['ms_p99']:.2f} ms",
    )


def _details(found: list[EvaluationResult]) -> list[str]:
    each = _figures(found)
    tiers = sum((result.tiers for result in found), Counter())
    vetoes = sum((result.vetoes for result in found), Counter())
    misses = [miss for result in found for miss in result.missed_hits]
    lines = [f"  hits: {_counted(tiers)}; vetoes: {_counted(vetoes)}"]
    if each["reviews"]:
        lines.append(f"  {100 * each['reviews']:.1f} reviews in 100 questions")
    if misses:
        reasons = Counter(reason for miss in misses for reason in miss.reasons)
        words = Counter(word for miss in misses for word in {*miss.words})
        lines.append(f"  {100 * each['reusable']:.1f} % reusable; missed: {_counted(reasons)}")
        lines.append(f"  words that no rule explains: {_counted(words, MAX_WORDS)}")
    if paraphrases := sum(result.paraphrases for result in found):
        right = sum(result.hits - result.wrong for result in found)
        lines.append(f"  pairs: {right} of {paraphrases} true paraphrases kept")
    return lines


def explained(results: dict[str, list[EvaluationResult]]) -> list[str]:
    lines: list[str] = []
    for result in (each for found in results.values() for each in found):
        for asked, stored in result.wrong_hits:
            lines += [f"WRONG {asked!r} was given the answer to {stored!r}", *_read(asked, stored)]
        for miss in result.missed_hits:
            why = ", ".join(miss.reasons) + (f" ({' '.join(miss.words)})" if miss.words else "")
            lines += [f"MISSED {miss.asked!r} beside {miss.stored!r}: {why}", *_read(miss.asked, miss.stored)]
    return lines


def _read(asked: str, stored: str) -> list[str]:
    return [f"    {as_read(asked)}", f"    {as_read(stored)}"]


def _counted(counter: Counter[str], most: int | None = None) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common(most)) or "none"
