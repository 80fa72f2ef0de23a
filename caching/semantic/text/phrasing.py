"""One phrasing for what is said in several: frames ("I need to", "can you help me"), phrasal verbs, times, synonyms.

Every rule is a line of a lexicon, so each states one difference that is known to be harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from caching.semantic.text.articles import after_prepositions, is_article, means_all, with_meant_articles
from caching.semantic.text.clauses import asks_for_the_same, without_now, without_purpose
from caching.semantic.text.folding import BREAK, PAUSE
from caching.semantic.text.frames import (
    Rules,
    asks_whether,
    between_pauses,
    by_first_word,
    rewritten,
    with_what_is_asked,
    without_frames,
)
from caching.semantic.text.hindi_senses import plainly_asked
from caching.semantic.text.lexicon import mixed_codes, mixed_words, phrases, table, words
from caching.semantic.text.questions import (
    asked_for,
    asks_price,
    defines,
    listed,
    says_only_why,
    seeks_help,
    with_property_first,
    with_states,
)
from caching.semantic.text.stemming import inflected
from caching.semantic.text.verb_places import (
    asks_at,
    begins_with_verb,
    infinitive_first,
    standing_forms,
    verb_forms,
    verb_is_last,
)
from caching.semantic.text.word_senses import with_senses

_TIME_WORDS = frozenset(["for", "at", "in", "and", "on", "second", "minut", "hour", "am", "pm"])
# Verbs whose noun says the same: "rate it", "give it a rating".
_REPEATED = (["set"], ["list"], ["score"])
# Words up to a particle in the middle of a sentence: "turn the small kitchen light on at 7".
_PARTICLE_REACH = 6


@dataclass(frozen=True, slots=True)
class _Rules:
    frames: Rules
    """At the start of a sentence."""
    rewrites: Rules
    """Anywhere."""
    particles: dict[str, dict[str, str]]
    """Particle to the forms of the verbs that it belongs to, each with the form that stands for them."""
    same: dict[str, str]
    """Word to the word that stands for all that mean the same."""
    dropped: frozenset[str]
    counting: frozenset[str]
    articles: frozenset[str]
    owners: frozenset[str]
    wanting: frozenset[tuple[str, ...]]
    showing: frozenset[tuple[str, ...]]
    """Frames after which a word of `made` is to be set, or to be listed."""
    made: frozenset[str]
    timed: frozenset[str]
    beside: tuple[tuple[frozenset[str], dict[str, str]], ...]
    particular: frozenset[str]
    states: frozenset[str]
    vague: frozenset[str]
    auxiliaries: frozenset[str]
    asking: frozenset[str]
    holding: frozenset[str]
    verbs: frozenset[str]
    final: frozenset[str]
    times: frozenset[str]
    particles_end_clauses: bool


@cache
def _rules(language: str) -> _Rules:
    codes = mixed_codes(language)
    tables = [table(code) for code in codes]
    names = ("frames", "wanting", "showing")
    frames = {phrase: "" for code in codes for name in names for phrase in phrases(code, name)}
    rewrites: dict[str, str] = {}
    for each in tables:
        frames |= each.get("opening", {})
        rewrites |= each.get("rewrites", {})
    same: dict[str, str] = {}
    for code, each in zip(codes, tables, strict=True):
        for first, others in each.get("same", {}).items():
            chosen = inflected(first, code)
            target = same.get(chosen, chosen)
            same |= {inflected(word, code): target for word in others.split() if inflected(word, code) != target}
    times = " ".join(" ".join(each["guards"].get("times", {}).values()) for each in tables).split()
    return _Rules(
        by_first_word(frames),
        by_first_word(rewrites),
        {name: verb_forms(verbs.split()) for each in tables for name, verbs in each.get("particles", {}).items()},
        same,
        mixed_words(language, "dropped"),
        mixed_words(language, "counting"),
        mixed_words(language, "articles"),
        mixed_words(language, "owners"),
        frozenset(tuple(phrase.split()) for code in codes for phrase in phrases(code, "wanting")),
        frozenset(tuple(phrase.split()) for code in codes for phrase in phrases(code, "showing")),
        frozenset(inflected(word, code) for code in codes for word in words(code, "made")),
        frozenset(inflected(word, code) for code in codes for word in words(code, "timed")),
        tuple(
            _beside(code, same, rule)
            for code, each in zip(codes, tables, strict=True)
            for rule in each.get("beside", ())
        ),
        frozenset(same.get(form, form) for code in codes for form in _inflections(code, "particular")),
        frozenset(same.get(form, form) for code in codes for form in _inflections(code, "states")),
        mixed_words(language, "vague"),
        frozenset(inflected(word, code) for code in codes for word in words(code, "auxiliaries")),
        frozenset({"whether", "how_much", "how_many", "how_long"}) | mixed_words(language, "question_words"),
        mixed_words(language, "prepositions"),
        frozenset({"is", "are", "was", "be"}) | mixed_words(language, "commands"),
        frozenset(inflected(word, code) for code in codes for word in words(code, "final")),
        frozenset(inflected(word, language) for word in times),
        verb_is_last(language),
    )


def asks_by_mark(tokens: Sequence[str], language: str, *, marked: bool) -> bool:
    """Return True if what is left without frames ("can you", "tell me") is a question only by its mark, or by "if"."""
    spoken = [token for token in tokens if token != PAUSE]
    rest = without_frames(spoken, _rules(language).frames, language)[0] if marked else []
    return (rest == spoken != [] and not asks_at(spoken, language)) or asks_whether(spoken, language)


def _inflections(code: str, name: str) -> list[str]:
    return [inflected(word, code) for word in words(code, name)]


def _beside(code: str, same: dict[str, str], rule: dict[str, Any]) -> tuple[frozenset[str], dict[str, str]]:
    def form(word: str) -> str:
        inflection = inflected(word, code)
        return same.get(inflection, inflection)

    nouns = frozenset(map(form, rule["nouns"].split()))
    return nouns, {form(word): form(first) for first, others in rule["same"].items() for word in others.split()}


def phrased(tokens: Sequence[str], language: str) -> list[str]:
    """Return the words that remain, each in the form that stands for all its forms; pauses stay, owners come last."""
    rules = _rules(language)
    found: list[str] = []
    asked: list[str] = []
    for rest, frame in _sentences(with_states(tokens, language), rules, language):
        asked += asked_for(frame, rest)
        if found:
            found.append(PAUSE)
        rest = plainly_asked(without_purpose(without_now(rest, language), language), language)
        rest = listed(with_property_first(rest, language), language)
        if defines(rest, frame, language):
            rest, frame = ["what", "a_kind", *rest], ()
        spoken = _with_particles(rewritten(rest, rules.rewrites), rules)
        spoken = with_senses(spoken, language, is_named=frame in rules.showing or frame in rules.wanting)
        found += _forms(_spoken(spoken, frame, rules, language), frame, rules, language)
    return [*(found or tokens), *(word for word in tokens if word in rules.owners), *asked]


def _sentences(tokens: Sequence[str], rules: _Rules, language: str) -> list[tuple[list[str], tuple[str, ...]]]:
    """Return each sentence without its frame, and the frame; those that ask for the same again are left out."""
    found: list[tuple[list[str], tuple[str, ...]]] = []
    for sentence in with_what_is_asked(between_pauses(tokens), language):
        rest, frame = without_frames(sentence, rules.frames, language)
        if (frame and asks_for_the_same(rest, language)) or (found and seeks_help(sentence, language)):
            continue  # "Can you help me?", "Could you find one?", "What should I do?" beside what is needed
        if found and says_only_why(rest, language):
            before, its_frame = found[-1]
            found[-1] = [*rest, *before], its_frame
        else:
            found.append((rest, frame))
    return found


def _spoken(spoken: list[str], frame: tuple[str, ...], rules: _Rules, language: str) -> list[str]:
    vague = rules.vague if frame in rules.wanting or frame in rules.showing else frozenset[str]()
    spoken = with_meant_articles(spoken, language)
    # An article holds what follows: "gib den Code ein" does not end with one.
    kept = [BREAK if word in rules.articles else word for word in spoken[:-1]] + spoken[-1:]
    pairs = zip(["", *kept], kept, strict=False)
    found = [word for before, word in pairs if not _is_dropped(before, word, rules) and word not in vague]
    return [word for at, word in enumerate(found) if word != "1" or not is_article(found, at, language)]


def _is_dropped(before: str, word: str, rules: _Rules) -> bool:
    """ "3 mal" says how often, unlike "mach mal"."""
    return word in rules.owners or (word in rules.dropped and not (before.isdecimal() and word in rules.counting))


def _forms(spoken: list[str], frame: tuple[str, ...], rules: _Rules, language: str) -> list[str]:
    """Say what a frame meant where that matters, and words that mean the same beside others in one word."""
    spoken = infinitive_first(spoken, language) if frame else spoken
    begins = begins_with_verb(spoken, language, framed=bool(frame))
    spoken = after_prepositions(spoken, rules.holding, rules.verbs)
    forms = standing_forms(spoken, language, rules.same, rules.times, begins=begins)
    if not frame and _is_to_be_made(forms, spoken, rules):
        forms, spoken = ["set", *forms], ["set", *spoken]
    if not rules.made.isdisjoint(forms):
        if frame in rules.wanting:
            forms, spoken = ["set", *forms], ["set", *spoken]
        elif frame in rules.showing:
            forms, spoken = ["list", *forms], ["list", *spoken]
    if not _adjectives_after(frame, rules).isdisjoint(forms[:1]):
        forms, spoken = ["list", *forms], ["list", *spoken]
    if _ends_with_its_verb(forms, spoken, rules, language):
        forms, spoken = [forms[-1], *forms[:-1]], [spoken[-1], *spoken[:-1]]
    forms, spoken = _uninverted(forms, spoken, rules)
    for nouns, same in rules.beside:
        if not nouns.isdisjoint(forms):
            forms = [same.get(form, form) for form in forms]
    if means_all(forms, spoken, language):
        forms, spoken = [forms[0], "all", *forms[1:]], [spoken[0], "all", *spoken[1:]]
    if forms and forms[0] in rules.particular:
        pairs = zip(forms, spoken, strict=True)
        forms = [f"{form}+s" if word.endswith("s") and not form.endswith("s") else form for form, word in pairs]
    return [*forms[:1], *(form for form in forms[1:] if form != forms[0])] if forms[:1] in _REPEATED else forms


def _adjectives_after(frame: tuple[str, ...], rules: _Rules) -> frozenset[str]:
    """Return verbs that are adjectives or nouns after it: "are there any open windows", "I need clean towels"."""
    if frame in rules.showing:
        return rules.states | rules.particular
    return rules.states if frame in rules.wanting else frozenset()


def _ends_with_its_verb(forms: list[str], spoken: list[str], rules: _Rules, language: str) -> bool:
    """ "das Licht ausschalten", "TV pause"; in English only in up to three words, without another verb or a preposition
    in front.
    """
    if len(forms) < 2 or forms[-1] not in rules.final or forms[0] in rules.asking:
        return False
    return language != "en" or (len(forms) < 4 and (rules.verbs | rules.holding).isdisjoint(spoken[:-1]))


def _is_to_be_made(forms: list[str], spoken: list[str], rules: _Rules) -> bool:
    """ "alarm for 7 am" and "5 minute timer" are commands without their verb; "alarms for today" are looked at."""
    said = [word for word in forms if word not in _TIME_WORDS and not word[:1].isdigit()]
    return len(said) == 1 and said[0] in rules.timed and len(forms) > 1 and said[0] in spoken


def _uninverted(forms: list[str], spoken: list[str], rules: _Rules) -> tuple[list[str], list[str]]:
    """ "tell me why my card was declined" with its verb where "why was my card declined" has it; prices likewise."""
    if asks_price(forms, rules.holding):
        rest = [form for form in forms[1:] if form != "price"]
        forms = ["price", *rest] if not rest or rest[0] in rules.holding else ["price", "of", *rest]
        return forms, list(forms)
    if forms and forms[0] in rules.asking:
        at = next((at for at in range(1, min(len(forms), 6)) if forms[at] in rules.auxiliaries), 0)
        if at > 1:
            forms = [forms[0], forms[at], *forms[1:at], *forms[at + 1 :]]
            spoken = [spoken[0], spoken[at], *spoken[1:at], *spoken[at + 1 :]]
    return forms, spoken


def _with_particles(tokens: list[str], rules: _Rules) -> list[str]:
    """ "turn the light on" and "turn on the light" with the verb `turn_on`, and "light on" too."""
    found = list(tokens)
    for at, particle in enumerate(tokens):
        verbs = rules.particles.get(particle)
        if not verbs or (rules.particles_end_clauses and _goes_on(tokens, at, rules)):
            continue
        farthest = 0 if at + 1 == len(tokens) else max(0, at - _PARTICLE_REACH)
        reach = range(at - 1, farthest - 1, -1)
        verb = next((before for before in reach if found[before] in verbs), None)
        if verb is not None:
            found[verb], found[at] = f"{verbs[found[verb]]}_{particle}", ""
        elif _is_switched(tokens, at, rules):
            found[at] = ""
            found.insert(0, f"turn_{particle}")
            break
    return [token for token in found if token]


def _goes_on(tokens: list[str], at: int, rules: _Rules) -> bool:
    """ "mach ein Foto" and "an der Wand", unlike "mach das Licht ein", "an im Bad", "an und …", "aan en …"."""
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    return bool(following) and following not in (rules.dropped - rules.articles) | rules.holding | {"und", "en"}


def _is_switched(tokens: list[str], at: int, rules: _Rules) -> bool:
    """A command without its verb: "kitchen light on", but not "is the light on" or "the light is on"."""
    if tokens[at] not in ("on", "off") or not at or tokens[0] in rules.asking or rules.verbs.intersection(tokens):
        return False
    return at + 1 == len(tokens) or tokens[at + 1] in rules.holding | {"please"}
