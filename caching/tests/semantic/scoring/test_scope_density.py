from __future__ import annotations

from caching.semantic.indexes.base import Entry, Neighbour
from caching.semantic.scoring.scope_density import Scopes


def near(similarity: float) -> Neighbour:
    return Neighbour(Entry("1", "alarms", "set an alarm for 7"), similarity)


def test_a_scope_is_crowded_where_guards_refuse_what_is_near() -> None:
    scopes = Scopes()
    for _ in range(200):
        scopes.learn("alarms", [near(0.9), near(0.8)], [["numbers"], ["times"]])
        scopes.learn("bank", [near(0.9), near(0.8)], [[], []])
    assert scopes.crowding("bank") < 0.1 < scopes.crowding("never seen") < 0.9 < scopes.crowding("alarms")


def test_what_is_far_away_says_nothing() -> None:
    scopes = Scopes()
    before = scopes.crowding("alarms")
    scopes.learn("alarms", [near(0.5)], [["numbers"]])
    assert scopes.crowding("alarms") == before


def test_a_new_scope_weighs_nothing_and_a_crowded_one_asks_for_more() -> None:
    scopes = Scopes()
    assert scopes.weighing("bank", 0.8) == {}
    for _ in range(100):
        scopes.learn("alarms", [near(0.9), near(0.8)], [["numbers"], ["times"]])
        scopes.learn("bank", [near(0.9), near(0.8)], [[], []])
    bank, alarms = scopes.weighing("bank", 0.8), scopes.weighing("alarms", 0.8)
    assert round(bank["more"], 6) == 0.8 < bank["other"] < 0.95
    assert 0.95 < alarms["more"] < alarms["other"] < 1.0
