"""The contract of an index, over every file of the folder."""

from __future__ import annotations

import os
import random
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest

from caching import keys
from caching.semantic.embedders import get_embedder
from caching.semantic.indexes import get_index, names, numpy
from caching.semantic.indexes.base import BaseIndex, Entry, Vector
from caching.semantic.indexes.numpy import EXACT_UP_TO

DIMENSIONS = 32
START = time.time() + 3600
QUESTION = (
    ["turn on", "turn off", "brighten", "dim", "repair", "buy", "sell", "move", "clean", "rename", "find", "count"],
    ["the", "my", "her", "our", "that", "every"],
    ["old", "new", "red", "small", "broken", "spare", "cheap", "garden", "kitchen", "office"],
    ["lamp", "fan", "clock", "radio", "door", "window", "camera", "heater", "table", "chair", "shelf", "oven"],
    ["today", "tomorrow", "at noon"],
)
"""Words of 25,920 questions."""
MANY = int(os.environ.get("MANY_ENTRIES", "10000"))
"""A vector set takes a millisecond for each; the benchmarks have more."""


def vectors(count: int, seed: int = 0) -> Vector:
    found = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(params=names())
def name(request: pytest.FixtureRequest) -> str:
    if request.param == "vectorset":
        redis8 = request.getfixturevalue("redis8")
        redis8.client().flushall()
        request.getfixturevalue("use_redis")(redis8.url)
    return str(request.param)


@pytest.fixture
def index(name: str) -> BaseIndex:
    return get_index(name, DIMENSIONS, max_entries=1_000)


def fill(index: BaseIndex, count: int, scope: str = "s") -> Vector:
    found = vectors(count)
    for at, vector in enumerate(found):
        index.add(Entry(f"{scope}{at}", scope, f"question {at}", expires=START + at), vector)
    return found


def test_it_finds_the_nearest_first(index: BaseIndex) -> None:
    stored = fill(index, 300)
    asked = vectors(1, seed=1)[0]
    found = index.search(asked, "s", 10)
    assert list(index.nearest(asked, "s", 10)) == found
    expected = np.argsort(-(stored @ asked))[:10]
    assert found[0].entry.id == f"s{expected[0]}"
    # An index may round vectors; the last of the ten may then be the eleventh.
    assert len({neighbour.entry.id for neighbour in found} & {f"s{at}" for at in expected}) >= 9
    for neighbour in found:
        at = int(neighbour.entry.id[1:])
        assert neighbour.entry == Entry(f"s{at}", "s", f"question {at}", expires=START + at)
        assert neighbour.similarity == pytest.approx(float(stored[at] @ asked), abs=0.02)
    assert [n.similarity for n in found] == sorted((n.similarity for n in found), reverse=True)


def test_it_never_leaves_the_scope(index: BaseIndex) -> None:
    stored = fill(index, 20, "mine")
    fill(index, 20, "theirs")
    assert {neighbour.entry.scope for neighbour in index.search(stored[0], "mine", 40)} == {"mine"}
    assert index.search(stored[0], "nobody's", 5) == []


def test_it_forgets_what_is_removed(index: BaseIndex) -> None:
    stored = fill(index, 200)
    near = index.nearest(stored[0], "s", 300)
    assert next(near).entry.id == "s0"
    assert index.remove([f"s{at}" for at in range(150)]) == 150
    assert len(list(near)) == (199 if index.shared else 50), "read one by one, or at once"
    assert index.remove(["s0", "unknown"]) == 0
    assert len(index) == 50
    assert {neighbour.entry.id for neighbour in index.search(stored[0], "s", 300)} == {
        f"s{at}" for at in range(150, 200)
    }


def test_it_replaces_an_entry_with_the_same_id(index: BaseIndex) -> None:
    one, other = vectors(2)
    index.add(Entry("x", "a", "old"), one)
    index.add(Entry("x", "b", "new"), other)
    assert len(index) == 1
    assert index.search(one, "a", 1) == []
    assert index.search(other, "b", 1)[0].entry.text == "new"


def test_it_never_finds_what_has_expired(index: BaseIndex) -> None:
    one, other = vectors(2)
    index.add(Entry("old", "s", "old", expires=time.time() - 1), one)
    index.add(Entry("new", "s", "new", expires=time.time() + 60), other)
    assert [neighbour.entry.id for neighbour in index.search(one, "s", 5)] == ["new"]


def test_it_drops_the_oldest_beyond_its_size(index: BaseIndex) -> None:
    stored = fill(index, 1_010)
    assert len(index) == 1_000
    assert "s0" not in {neighbour.entry.id for neighbour in index.search(stored[0], "s", 1_000)}


def test_many_are_added_as_one_after_another(index: BaseIndex) -> None:
    index.add(Entry("b", "other", "old"), vectors(1)[0])
    # What was added first also ends first.
    entries = [Entry(f"{at}", f"scope{at % 2}", f"{at}", f"answer {at % 3}", START + at) for at in range(1_010)]
    found = vectors(1_012)
    index.add_all([*entries, Entry("b", "scope0", "first"), Entry("b", "scope0", "last")], found)
    assert index.ids() == {*(entry.id for entry in entries[11:]), "b"}
    assert index.search(found[0], "other", 1) == []
    assert [near.entry for near in index.search(found[1_009], "scope1", 1)] == [entries[1_009]]
    assert index.search(found[1_011], "scope0", 1)[0].entry.text == "last"
    assert "first" not in {near.entry.text for near in index.search(found[1_010], "scope0", 1_000)}


@pytest.mark.parametrize(
    "entry_id", [keys.exact_key("s", "a"), f"llm:exact:{'AB' * 32}", f"llm:exact:{7:064}", "7", "é:"]
)
def test_an_id_and_a_text_come_back_as_they_went_in(index: BaseIndex, entry_id: str) -> None:
    vector = vectors(1)[0]
    entries = [Entry(entry_id, "s", "नमस्ते ☃ 😀\n", "an answer"), Entry("", "s", "")]
    for entry in entries:
        index.add(entry, vector)
    assert {near.entry for near in index.search(vector, "s", 5)} == set(entries)
    assert index.ids() == {entry_id, ""}
    assert index.remove([entry_id]) == 1


def test_it_can_be_searched_while_it_changes(index: BaseIndex) -> None:
    stored = fill(index, 100)
    done = threading.Event()

    def search() -> list[float]:
        similarities: list[float] = []
        while not done.is_set() or not similarities:
            nearest = index.search(stored[50], "s", 1)
            similarities += [neighbour.similarity for neighbour in nearest if neighbour.entry.id == "s50"]
        return similarities

    with ThreadPoolExecutor(3) as threads:
        searches = [threads.submit(search) for _ in range(3)]
        for _ in range(5):
            index.remove([f"s{at}" for at in range(100)])
            fill(index, 100)
        done.set()
    assert searches and all(min(one.result()) >= 0.99 for one in searches)


def test_the_nearest_of_very_many_is_found(name: str) -> None:
    count = 100_000 if name == "numpy" else MANY
    large = get_index(name, DIMENSIONS, max_entries=count)
    stored = vectors(count)
    large.add_all([Entry(str(at), f"scope{at % 2}", "") for at in range(count)], stored)
    assert len(large) == count
    asked = vectors(200, seed=1)
    nearest = [2 * int(np.argmax(stored[::2] @ vector)) for vector in asked]
    found = [int(large.search(vector, "scope0", 10)[0].entry.id) for vector in asked]
    assert np.mean(np.equal(found, nearest)) >= 0.98


def test_two_steps_find_what_one_finds_in_a_large_scope() -> None:
    embedder = get_embedder("wordllama")
    large = get_index("numpy", embedder.dimensions, leading=embedder.leading)
    texts = [" ".join(words) for words in product(*QUESTION)]
    assert len(texts) > 2 * EXACT_UP_TO
    large.add_all([Entry(text, "s", text) for text in texts], embedder.embed(texts))
    asked = embedder.embed([f"could you please {text}, if you do not mind" for text in texts[::97]])
    nearest = [large.search(vector, "s", 1, exact=True)[0] for vector in asked]
    found = [large.search(vector, "s", 1)[0] for vector in asked]
    same = [
        one.similarity == pytest.approx(other.similarity, abs=1e-5) for one, other in zip(found, nearest, strict=True)
    ]
    assert np.mean(same) >= 0.98
    assert all(near.entry.text == near.entry.id for near in [*found, *nearest])


def test_it_holds_what_a_plain_list_would_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy, "ROWS", 32)
    monkeypatch.setattr(numpy, "COPIED", 8)
    monkeypatch.setattr(numpy, "MAX_DEAD", 4)
    index, chance = get_index("numpy", DIMENSIONS, max_entries=400), random.Random(3)
    held: dict[str, tuple[Entry, Vector]] = {}
    for step in range(300):
        fresh = [
            Entry(str(chance.randrange(600)), f"s{chance.randrange(3)}", f"{step}") for _ in range(chance.randrange(20))
        ]
        fresh = list({entry.id: entry for entry in fresh}.values())
        gone = [str(chance.randrange(600)) for _ in range(chance.choice([0, 5, 100]))]
        made = vectors(len(fresh), seed=step)
        assert index.remove(gone) == len(held.keys() & gone)
        index.add_all(fresh, made)
        for name in [*gone, *(entry.id for entry in fresh)]:
            held.pop(name, None)
        held |= {entry.id: (entry, vector) for entry, vector in zip(fresh, made, strict=True)}
        for scope in ("s0", "s1", "s2"):
            found = {near.entry: near.similarity for near in index.search(made[0], scope, 999)} if fresh else {}
            expected = {
                entry: float(vector @ made[0]) for entry, vector in held.values() if entry.scope == scope and fresh
            }
            assert found == pytest.approx(expected, abs=1e-5)
        assert index.ids() == held.keys()


def test_what_has_expired_is_dropped_when_its_scope_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    index = get_index("numpy", DIMENSIONS)
    made = vectors(20)
    index.add_all([Entry(str(at), "s", "", expires=time.time() - 1) for at in range(16)], made[:16])
    assert len(index) == 16
    index.add_all([Entry(str(at), "s", "") for at in range(16, 20)], made[16:])
    assert index.ids() == {"16", "17", "18", "19"}


def test_nothing_is_found_twice_or_lost_while_blocks_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy, "ROWS", 64)
    monkeypatch.setattr(numpy, "COPIED", 16)
    monkeypatch.setattr(numpy, "MAX_DEAD", 4)
    index = get_index("numpy", DIMENSIONS)
    stays, comes = vectors(40), vectors(400, seed=1)
    index.add_all([Entry(f"stays{at}", "s", "") for at in range(40)], stays)
    done = threading.Event()

    def search() -> int:
        times = 0
        while not done.is_set():
            found = [near.entry.id for near in index.search(stays[0], "s", 999)]
            assert len(found) == len(set(found))
            assert {f"stays{at}" for at in range(40)} <= set(found)
            times += 1
        return times

    with ThreadPoolExecutor(3) as threads:
        searches = [threads.submit(search) for _ in range(3)]
        for _ in range(30):
            index.add_all([Entry(f"comes{at}", "s", "") for at in range(400)], comes)
            index.remove([f"comes{at}" for at in range(400)])
        done.set()
    assert searches and all(one.result() for one in searches)


def test_an_entry_takes_little_more_than_its_vector_and_its_text() -> None:
    count, text = 20_000, "what became of the parcel of yesterday"
    made = vectors(count)
    entries = [Entry(keys.exact_key("s", str(at)), "s", text) for at in range(count)]
    index = get_index("numpy", DIMENSIONS)
    tracemalloc.start()
    try:
        for start in range(0, count, 250):
            index.add_all(entries[start : start + 250], made[start : start + 250])
        taken = tracemalloc.get_traced_memory()[0] / count
    finally:
        tracemalloc.stop()
    # Of the last block, which is half full, the untouched half is counted here.
    assert taken < 2 * DIMENSIONS * 4 + len(text) + 220


def test_what_has_no_leading_dimensions_is_compared_with_every_entry() -> None:
    embedder = get_embedder("wordllama")
    assert embedder.leads("turn off the light") and not embedder.leads("बत्ती बंद करो")
    large = get_index("numpy", DIMENSIONS, leading=1)
    stored = np.zeros((EXACT_UP_TO + 1, DIMENSIONS), np.float32)
    stored[:, 0] = 0.1
    stored[:, 1] = 1
    stored[7] = np.eye(DIMENSIONS, dtype=np.float32)[2]
    large.add_all([Entry(str(at), "s", "") for at in range(len(stored))], stored)
    asked = stored[7] + 0.1 * np.eye(DIMENSIONS, dtype=np.float32)[0]
    assert large.search(asked, "s", 1, exact=True)[0].entry.id == "7"
    assert large.search(asked, "s", 1)[0].entry.id != "7", "its first dimension is the smallest of all"


def test_it_knows_what_it_holds(index: BaseIndex) -> None:
    fill(index, 3)
    assert index.ids() == {"s0", "s1", "s2"}


def test_it_refuses_a_vector_of_another_length(index: BaseIndex) -> None:
    with pytest.raises(ValueError, match="dimensions"):
        index.add(Entry("x", "s", ""), np.ones(DIMENSIONS + 1, np.float32))


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="numpy"):
        get_index("faiss", 8)
