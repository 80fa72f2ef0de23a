from __future__ import annotations

import pytest

from caching.semantic.text.stemming import inflected

# Forms of one word each; no two groups have a form in common.
GROUPS = (
    ("plane", "planes"),
    ("plan", "plans", "planning"),
    ("hope", "hopes", "hoping"),
    ("hop", "hops", "hopping"),
    ("tape", "tapes", "taping"),
    ("tap", "taps", "tapping"),
    ("rate", "rates"),
    ("rat", "rats"),
    ("code", "codes", "coding"),
    ("cod",),
    ("here",),
    ("her",),
    ("suite", "suites"),
    ("suit", "suits"),
    ("early",),
    ("ear", "ears"),
    ("save", "saves", "saving"),
    ("box", "boxes", "boxing"),
    ("bus", "buses"),
    ("type", "types", "typing"),
    ("house", "houses"),
    ("finale", "finales"),
    ("final", "finals"),
    ("locale", "locales"),
    ("local", "locals"),
    ("rationale",),
    ("rational",),
    ("unite", "unites"),
    ("unit", "units"),
    ("caste",),
    ("cast", "casts", "casting"),
    ("bathe",),
    ("bath", "baths"),
    ("breathe", "breathes"),
    ("breath", "breaths"),
    ("binge",),
    ("bing",),
    ("severe",),
    ("sever", "severs"),
    ("range", "ranges"),
    ("rang",),
    ("route", "routes"),
    ("rout",),
    ("grille", "grilles"),
    ("grill", "grills", "grilling"),
    ("heroine",),
    ("heroin",),
    ("envelope", "envelopes"),
    ("envelop",),
    ("quite",),
    ("quit", "quits", "quitting"),
    ("france",),
    ("franc",),
    ("maine",),
    ("main",),
    ("julie",),
    ("july",),
    ("marie",),
    ("mary",),
)


@pytest.mark.parametrize("group", GROUPS)
def test_forms_of_one_word_are_the_same_and_those_of_another_are_not(group: tuple[str, ...]) -> None:
    (form,) = {inflected(word, "en") for word in group}
    others = {inflected(word, "en") for other in GROUPS if other != group for word in other}
    assert form not in others


@pytest.mark.parametrize(("one", "other"), [("hoped", "hopped"), ("taped", "tapped"), ("filed", "filled")])
def test_pasts_keep_apart_what_their_verbs_do(one: str, other: str) -> None:
    assert inflected(one, "en") != inflected(other, "en")
    assert inflected(one, "en").endswith("+ed")
