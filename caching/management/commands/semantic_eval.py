from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from caching.semantic.embedders import get_embedder
from caching.semantic.embedders import names as embedder_names
from caching.semantic.embedders.base import BaseEmbedder
from caching.semantic.evaluation import Result, compare, is_pairs, read_pairs, read_stream, replay
from caching.semantic.indexes import get_index
from caching.semantic.indexes import names as index_names
from caching.semantic.matcher import Matcher
from caching.semantic.scoring.threshold import BUDGETS

# Error limit per question.
LEVELS = {"quality": 0.0, **BUDGETS}


class Command(BaseCommand):
    help = "Measure hit rate and errors on labelled questions (JSON Lines with q and c, or a, b and y)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--level", choices=LEVELS, default="balanced")
        parser.add_argument(
            "--shuffles", type=int, default=0, help="average over N random orders instead of the file's order"
        )
        parser.add_argument("--embedder", choices=embedder_names(), default="wordllama")
        parser.add_argument("--index", choices=index_names(), default="numpy")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> str:
        try:
            embedder = get_embedder(options["embedder"])
            results = {path.name: measure(path, embedder, options) for path in files}
        except (OSError, ValueError, KeyError, ImportError) as err:
            raise CommandError(str(err)) from err
        return as_json(results) if options["json"] else as_text(results)


def measure(path: Path, embedder: BaseEmbedder, options: dict[str, Any]) -> list[Result]:
    """Return one result per order of the file."""
    level = options["level"]
    if is_pairs(path):
        return [compare(_matcher(embedder, options["index"]), read_pairs(path), level)]
    stream = read_stream(path)
    orders = [Random(seed).sample(stream, len(stream)) for seed in range(options["shuffles"])]  # noqa: S311 - an order, not a secret
    orders = orders or [stream]
    return [replay(_matcher(embedder, options["index"]), order, level) for order in orders]


def _matcher(embedder: BaseEmbedder, index: str) -> Matcher:
    return Matcher(embedder, get_index(index, embedder.dimensions))


def _figures(results: list[Result]) -> dict[str, float]:
    def mean(name: str) -> float:
        return sum(getattr(result, name) for result in results) / len(results)

    return {
        "n": results[0].n,
        "hit_rate": round(mean("hit_rate"), 5),
        "error_per_query": round(mean("error_per_query"), 5),
        "false_hit_share": round(mean("false_hit_share"), 5),
        "ms_p50": round(sum(result.percentile(50) for result in results) / len(results), 3),
        "ms_p99": round(sum(result.percentile(99) for result in results) / len(results), 3),
    }


def _summary(files: dict[str, dict[str, float]]) -> dict[str, float]:
    return {
        "mean_hit_rate": round(sum(each["hit_rate"] for each in files.values()) / len(files), 5),
        "worst_error_per_query": max(each["error_per_query"] for each in files.values()),
    }


def as_json(results: dict[str, list[Result]]) -> str:
    files = {name: _figures(found) for name, found in results.items()}
    return json.dumps({"files": files, **_summary(files)})


def as_text(results: dict[str, list[Result]]) -> str:
    lines = []
    for name, found in results.items():
        each = _figures(found)
        tiers = sum((result.tiers for result in found), Counter())
        vetoes = sum((result.vetoes for result in found), Counter())
        lines.append(
            f"{name}: {each['n']} questions, {100 * each['hit_rate']:.1f} % hits, "
            f"{100 * each['error_per_query']:.2f} wrong per 100 questions, "
            f"{100 * each['false_hit_share']:.1f} % of hits wrong, "
            f"{each['ms_p50']:.2f} ms p50, {each['ms_p99']:.2f} ms p99"
        )
        lines.append("  hits: " + _counted(tiers) + "; vetoes: " + _counted(vetoes))
        if duplicates := sum(result.duplicates for result in found):
            right = sum(result.hits - result.wrong for result in found)
            lines.append(f"  pairs: {right} of {duplicates} true paraphrases kept")
    summary = _summary({name: _figures(found) for name, found in results.items()})
    lines.append(
        f"mean: {100 * summary['mean_hit_rate']:.1f} % hits, "
        f"worst file {100 * summary['worst_error_per_query']:.2f} wrong per 100 questions"
    )
    return "\n".join(lines)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "none"
