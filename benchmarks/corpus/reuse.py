"""Measure the hit rate of a sentence cache on the corpus: `python -m benchmarks.corpus.reuse`.

One pass in file order, from an empty cache without expiry. A sentence is a hit if the same client (domain) has used it
before in this language, or if any client has and it is shareable. Counted in characters, the unit that providers bill.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from speech.privacy.personal_text import is_shareable
from speech.text.sentences import split

CORPUS = Path(__file__).with_name("agent_turns.jsonl")

# Domain, language, whether it stands in the first turn of a call, text.
Sentence = tuple[str, str, bool, str]


def sentences() -> Iterator[Sentence]:
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        turn = json.loads(line)
        for text in split(turn["text"], turn["language"]):
            yield turn["domain"], turn["language"], turn["turn"] == 1, text.strip()


def reuse(said: list[Sentence], *, own: bool = True, shared: bool = True) -> float:
    """Return the share of cached characters, 0 to 1: with the client's own scope, the shared one, or both."""
    kept: set[tuple[str, str, str]] = set()
    hits = 0
    for domain, language, _, text in said:
        in_own = own and (domain, language, text) in kept
        in_shared = shared and ("", language, text) in kept
        hits += len(text) * (in_own or in_shared)
        kept.add((domain, language, text))
        if is_shareable(text):
            kept.add(("", language, text))
    return hits / sum(len(text) for *_, text in said)


def main() -> None:
    said = list(sentences())
    later_turns = [sentence for sentence in said if not sentence[2]]
    print(f"{len(said)} sentences, {sum(len(text) for *_, text in said)} characters")
    print(f"own and shared scope  {reuse(said):.1%}")
    print(f"own scope only        {reuse(said, shared=False):.1%}")
    print(f"shared scope only     {reuse(said, own=False):.1%}")
    print(f"without first turns   {reuse(later_turns):.1%}")
    for language in sorted({language for _, language, *_ in said}):
        print(f"{language:<22}{reuse([sentence for sentence in said if sentence[1] == language]):.1%}")


if __name__ == "__main__":
    main()
