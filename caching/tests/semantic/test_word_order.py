"""Equal words in another order: the kinds that mean the same, and others with the same words that do not."""

from __future__ import annotations

import pytest

from caching.semantic.explanation import unexplained
from caching.semantic.text.analysis import analyse

SAME = {
    "rating": [
        ("give 4 out of 6 to this essay", "rate this essay 4 out of 6"),
        ("give zero stars for this album", "give this album 0 stars"),
        ("rate the novel as a 4", "rate the novel 4"),
    ],
    "nearby, now, here": [
        ("show me animated movies nearby", "show me nearby animated movies"),
        ("what is the weather right now in Croatia", "what is the weather for Croatia right now"),
        ("weather here", "weather for here"),
    ],
    "property that is set": [
        ("change the brightness of the bedroom to 50 percent", "change the bedroom to 50% brightness"),
        ("set the bedroom lamp brightness to 20 percent", "set the bedroom lamp to 20 percent brightness"),
    ],
    "kind and name": [
        ("add this track to my playlist Chill Hits", "add this track to my Chill Hits playlist"),
        ("play the podcast Serial", "play the Serial podcast"),
    ],
    "noun of two words": [("movie schedules for Pacific Theaters", "Pacific Theaters movie times")],
    "free phrases": [
        ("find hotels in Rome for two people", "find hotels for two people in Rome"),
        ("turn on the light in the kitchen at full brightness", "turn on the light at full brightness in the kitchen"),
        ("wake me at 7 am on Monday", "on Monday wake me at 7 am"),
    ],
    "album and name": [("play the album Thriller", "play the Thriller album")],
    "where it is played": [("play music on Spotify", "play music from Spotify")],
}
DIFFERENT = [
    ("rate the 4 star hotel", "rate the hotel 4 stars"),
    ("rate this essay 4 out of 6", "rate this essay 6 out of 4"),
    ("give 4 points to the essay and 3 to the novel", "give 3 points to the essay and 4 to the novel"),
    ("find a hotel near the station with a bar nearby", "find a bar near the hotel with a station nearby"),
    ("the bus to the nearest hotel", "the nearest bus to the hotel"),
    ("set the lamp brightness to the fan speed", "set the fan speed to the lamp brightness"),
    (
        "set the temperature of the bedroom to that of the hall",
        "set the temperature of the hall to that of the bedroom",
    ),
    ("copy playlist Rock to playlist Pop", "copy playlist Pop to playlist Rock"),
    ("move my playlist from Spotify to YouTube", "move my playlist from YouTube to Spotify"),
    ("play music from Spotify on YouTube", "play music from YouTube on Spotify"),
    ("play channel 4", "play 4 channels"),
    ("do it now and not later", "do it later and not now"),
    ("price of gold in silver", "price of silver in gold"),
    ("which cinema shows the movie", "which movie does the cinema show"),
    ("rate the novel of the week 4 stars", "rate the week of the novel 4 stars"),
    ("rate the novel of the week 4 stars", "rate the novel 4 stars this week"),
    ("play the song of the day", "play the song daily"),
    ("clean the kitchen", "clean in the kitchen"),
    ("paint the room", "paint in the room"),
    ("can you decorate the garden", "can you decorate in the garden"),
]


def _differences(one: str, other: str) -> list[str]:
    return unexplained(analyse(one).reading, analyse(other).reading)


@pytest.mark.parametrize(("one", "other"), [pair for pairs in SAME.values() for pair in pairs])
def test_an_order_that_means_the_same_is_explained_both_ways(one: str, other: str) -> None:
    assert _differences(one, other) == _differences(other, one) == []


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_an_order_that_means_another_thing_is_named_both_ways(one: str, other: str) -> None:
    assert _differences(one, other)
    assert _differences(other, one)
