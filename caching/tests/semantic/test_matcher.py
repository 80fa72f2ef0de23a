from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import median
from time import thread_time

import pytest

from caching.semantic.embedders import get_embedder
from caching.semantic.evaluation import LabelledQuestion, compare, read_pairs, replay
from caching.semantic.indexes import get_index
from caching.semantic.indexes.base import Entry
from caching.semantic.matcher import NEIGHBOURS, Matcher
from caching.semantic.scoring.pair_verdicts import Learned, pair_of
from caching.semantic.text.analysis import Question, analyse

pytest.importorskip("wordllama")
POLARITY = Path(__file__).parents[1] / "data" / "polarity.jsonl"
DATA = Path(__file__).parents[3].parent / "shared" / "data" / "semantic"


@pytest.fixture
def matcher() -> Matcher:
    embedder = get_embedder("wordllama")
    return Matcher(embedder, get_index("numpy", embedder.dimensions))


def test_it_serves_a_paraphrase_and_says_why(matcher: Matcher) -> None:
    matcher.add(Entry("1", "s", "turn on the light in the kitchen"))
    decision = matcher.find("turn the kitchen light on", "s", "balanced")
    assert decision.entry is not None
    assert decision.tier == "semantic"
    assert decision.best is not None
    assert decision.threshold < decision.best.probability < 1


def test_quality_serves_only_what_is_equal_once_normalised(matcher: Matcher) -> None:
    matcher.add(Entry("1", "s", "where is my order"))
    assert matcher.find("hello, where's my order?", "s", "quality").tier == "normalized"
    assert matcher.find("where is the order", "s", "quality").entry is None


def test_it_refuses_the_opposite_and_names_the_guard(matcher: Matcher) -> None:
    matcher.add(Entry("1", "s", "turn on the light"))
    decision = matcher.find("turn off the light", "s", "speed")
    assert decision.entry is None
    assert decision.best is not None
    assert decision.best.vetoes == ("opposites",)


def test_balanced_reads_no_entry_that_cannot_be_explained(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Counter[str]()

    def counted(text: str) -> Question:
        read[text] += 1
        return analyse(text)

    for place in ("harbour", "castle", "airport", "museum"):
        matcher.add(Entry(place, "s", f"how far is the {place}"))
    monkeypatch.setattr("caching.semantic.matcher.analyse", counted)
    assert matcher.find("tell me how far the castle is", "s", "balanced").entry is not None
    assert set(read) == {"tell me how far the castle is", "how far is the castle"}


def test_an_entry_that_was_judged_right_is_read_though_nothing_explains_it(matcher: Matcher) -> None:
    matcher.add(Entry("1", "s", "how far is the airport"))
    learned = Learned()
    learned.hear(pair_of("s", "how far is the terminal", "how far is the airport"), right=True)
    assert matcher.find("how far is the terminal", "s", "balanced").entry is None
    assert matcher.find("how far is the terminal", "s", "balanced", learned).entry is not None


def test_an_explained_question_behind_the_nearest_ten_is_found(matcher: Matcher) -> None:
    for room in range(1, 15):
        matcher.add(Entry(str(room), "s", f"turn the light on in room {room}"))
    matcher.add(Entry("same", "s", "could you please switch the light in room 20 on"))
    asked = "turn the light on in room 20"
    nearest = [one.entry.id for one in matcher.index.search(matcher.vector(asked), "s", NEIGHBOURS)]
    assert "same" not in nearest
    decision = matcher.find(asked, "s", "balanced")
    assert decision.entry is not None
    assert decision.entry.id == "same"


def test_another_scope_is_never_served(matcher: Matcher) -> None:
    matcher.add(Entry("1", "mine", "where is my order"))
    assert matcher.find("where is my order", "theirs", "speed").best is None


def test_an_embedder_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="wordllama"):
        Matcher(get_embedder("wordllama"), get_index("numpy", 8))


def test_no_near_miss_of_the_hand_written_set_is_served(matcher: Matcher) -> None:
    result = compare(matcher, [pair for pair in read_pairs(POLARITY) if not pair.same], "balanced")
    assert result.wrong_hits == []


def test_most_true_paraphrases_of_the_hand_written_set_are_kept(matcher: Matcher) -> None:
    result = compare(matcher, [pair for pair in read_pairs(POLARITY) if pair.same], "balanced")
    assert result.hit_rate >= 0.7


def test_the_hand_written_set_is_balanced_and_complete() -> None:
    rows = [json.loads(line) for line in POLARITY.read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 600
    assert 0.45 < sum(row["y"] for row in rows) / len(rows) < 0.55
    assert set(Counter(row["language"] for row in rows)) == {"en", "hi", "hi_latn"}
    assert set(Counter(row["domain"] for row in rows)) == {"bank", "telecom", "clinic", "delivery", "home"}
    assert len({(row["a"], row["b"]) for row in rows}) == len(rows)


def test_different_hindi_questions_are_hardly_ever_taken_for_equal(matcher: Matcher) -> None:
    path = DATA / "xquad_en_hi.jsonl"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    rows = [json.loads(line)["hi"] for line in path.read_text(encoding="utf-8").splitlines()]
    # The file repeats six questions word for word under another id.
    distinct = list(dict.fromkeys(" ".join(row.split()) for row in rows))
    assert replay(matcher, [LabelledQuestion(row, row) for row in distinct], "balanced").hits <= 2


@pytest.mark.alone
def test_a_lookup_among_ten_thousand_takes_a_few_milliseconds_at_most(matcher: Matcher) -> None:
    for at in range(10_000):
        matcher.add(Entry(str(at), "s", f"where is order {at} of customer {at % 97} in town {at % 31}"))
    times = []
    for at in range(200):
        start = thread_time()
        matcher.find(f"what is the state of order {at} please", "s", "balanced")
        times.append(thread_time() - start)
    assert median(times) < 0.1
