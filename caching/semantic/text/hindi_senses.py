"""Hindi in both scripts: words that say nothing in one place and much in another.

>>> def told(text: str) -> str:
...     return " ".join(plainly_asked(text.split(), "hi_latn"))
>>> told("kya dukan khuli hai"), told("dukan khuli hai kya")
('whether dukan khuli hai', 'whether dukan khuli hai')
>>> told("mera order kahan hai bhai"), told("bhai ka number kya hai")
('mera order kahan hai bhai', 'bhai+noun ka number kya hai')
>>> told("alarm laga do"), told("bill badhao"), told("bill badha")
('alarm laga', 'bill badhao', 'bill badha+done')
>>> told("light band karun"), told("recharge kaise karun")
('light band karun shall', 'recharge kaise karun')
>>> told("order kab tak aayega"), told("dukan kab tak khuli hai")
('order kab aayega', 'dukan kab tak khuli hai')
>>> told("main recharge karna chahta hu"), told("main menu kholo")
('main recharge karna chahta hu', 'main+chief menu kholo')
"""

from __future__ import annotations

from collections.abc import Sequence

from caching.semantic.text.lexicon import words

_ASKING = ("kya", "क्या")
_SWITCHED = frozenset(["off", "on", "band", "chalu", "cancel", "block", "book"])
_AUXILIARIES = frozenset(["hai", "है", "hain", "हैं", "tha", "था", "thi", "थी"])
# Said to somebody at the end, and without a pause at the start; else "brother", "head".
_ADDRESSING = frozenset(["bhai", "भाई", "सर"])
# They hold nothing at the start, at the end and before "is": there they ask in languages next to Hindi.
_OF = frozenset(["ka", "ki", "ke", "का", "की", "के"])
_TO_GIVE, _TO = frozenset(["dene", "देने"]), frozenset(["ko", "को"])
_POSTPOSITIONS = frozenset(
    ["ka", "ki", "ke", "ko", "se", "ne", "me", "mein", "par", "का", "की", "के", "को", "से", "ने", "में", "पर"]
)
_ENDS_OF_SHALL = ("u", "un", "oon", "ूं", "ूँ", "ऊं", "ऊँ")
# "Tell me yours", not "mine"; and what is done to the speaker.
_TELLING = ("bata", "bhej", "likh", "बता", "भेज", "लिख")
_REACHING = ("call", "phone", "bhej", "bula", "utha", "jaga", "कॉल", "फोन", "भेज", "बुला", "उठा", "जगा")
_OWN = frozenset(["apna", "apni", "apne", "अपना", "अपनी", "अपने"])
_TO_ME = frozenset(["mujhe", "mujhko", "मुझे", "मुझको"])
# What is to come, once: "milta hai" is so until then.
_COMING = frozenset(
    f"{root}{ending}"
    for roots, endings in (
        ("aa ay mil pahunch pahuch", " ega egi enge yega yegi yenge ga gi nge"),
        ("आ मिल पहुंच पहुँच", " एगा एगी एंगे एँगे येगा येगी येंगे ेगा ेगी ेंगे"),
    )
    for root in roots.split()
    for ending in endings.split(" ")
)
# With these "lo" and "do" tell who has it then: "rakh lo" keeps, "rakh do" puts down.
_KEPT = frozenset(["rakh", "padh", "le", "रख", "पढ़", "ले"])
_SPEAKING = frozenset(["hu", "hoon", "hun", "tha", "thi", "chahta", "chahti", "karu", "raha", "rahi", "sakta", "sakte"])


def plainly_asked(sentence: Sequence[str], language: str) -> list[str]:
    """Mark what words mean in their place; a yes-or-no question begins with "whether", and "jala do" is "jala"."""
    found = list(sentence)
    if language not in ("hi", "hi_latn"):
        return found
    for word in _ASKING:
        if len(found) > 2 and word in (found[0], found[-1]):
            found = ["whether", *(found[1:] if found[0] == word else found[:-1])]
    found = _without_until(found)
    told = [_sense(found, at, language) for at in range(len(found))]
    light = words(language, "light_verbs")
    told = [
        word
        for at, word in enumerate(told)
        if word not in light or not at or found[at - 1] in _KEPT or not _is_root(found[at - 1], language)
    ]
    return [*told, "shall"] if _asks_whether_to(found, language) else told


def _sense(found: Sequence[str], at: int, language: str) -> str:
    word = found[at]
    if word in _ADDRESSING:
        return f"{word}+noun" if _is_named(found, at) else word
    if word in _OF:
        return _of(found, at, language)
    if word in _OWN:
        return f"{word}+yours" if _has(found, _TELLING) else word
    if word in _TO_ME:
        return f"{word}+object" if _is_object(found, language) else word
    if word in ("do", "दो") and at and _is_infinitive(found[at - 1], language):
        return f"{word}+let"
    if word == "main" and not any(_is_first_person(each, language) for each in found):
        return "main+chief"
    if word.endswith(("a", "ा")) and word in words(language, "roots") and _ends(found, at):
        return f"{word}+done"
    return word


def _of(found: Sequence[str], at: int, language: str) -> str:
    """ "Ravi ke bhai" is another one than "Ravi bhai", but "Delhi ka mausam" is "Delhi mausam"."""
    if _holds_nothing(found, at):
        return "of+nothing"
    return "of+whom" if found[at + 1] in words(language, "relatives") else found[at]


def _is_object(found: Sequence[str], language: str) -> bool:
    """ "mujhe call karo", "bank ne mujhe charge kiya", "Ravi ko mujhe paise dene hain", unlike "mujhe pizza do"."""
    gives = not (_TO_GIVE.isdisjoint(found) or _TO.isdisjoint(found))
    return gives or not words(language, "doers").isdisjoint(found) or _has(found, _REACHING)


def _holds_nothing(found: Sequence[str], at: int) -> bool:
    """ "light chalu hai ka", "के बात है", unlike "batao ki train kab aayegi" and "Ravi ka number"."""
    starts = at == 0 and found[0] != "ki"
    return starts or at + 1 == len(found) or found[at + 1] in _AUXILIARIES | {"ho", "हो"}


def _is_named(found: Sequence[str], at: int) -> bool:
    """ "bhai ka number", "mere bhai", "सर दर्द", unlike "kahan hai bhai" and "bhai light jalao"."""
    if at and found[at - 1] in words("hi", "owners") | words("hi_latn", "owners"):
        return True
    following = found[at + 1] if at + 1 < len(found) else ""
    return bool(following) and (at > 0 or found[at] == "सर" or following in _POSTPOSITIONS)


def _without_until(found: list[str]) -> list[str]:
    """ "By when" something comes is when; until when it lasts is not."""
    if _COMING.isdisjoint(found):
        return found
    pairs = zip(["", *found], found, strict=False)
    return [word for before, word in pairs if not (word in ("tak", "तक") and before in ("kab", "कब"))]


def _asks_whether_to(found: Sequence[str], language: str) -> bool:
    """ "light band karun" asks, "light band karo" orders; beside a question word both ask."""
    asking = words(language, "question_words").intersection(found)
    return not asking and any(_is_shall(word, language) for word in found)


def _is_shall(word: str, language: str) -> bool:
    return any(
        word.endswith(ending) and word.removesuffix(ending) in words(language, "roots") for ending in _ENDS_OF_SHALL
    )


def _is_first_person(word: str, language: str) -> bool:
    return word in _SPEAKING or word.endswith(("unga", "ungi")) or _is_shall(word, language)


def _is_infinitive(word: str, language: str) -> bool:
    """ "rakhne do" lets, unlike "phone do"."""
    roots = words(language, "roots") | words(language, "let")
    return any(word.endswith(ending) and word.removesuffix(ending) in roots for ending in ("ne", "ने"))


def _has(found: Sequence[str], beginnings: tuple[str, ...]) -> bool:
    return any(word.startswith(beginnings) for word in found)


def _ends(found: Sequence[str], at: int) -> bool:
    return at + 1 == len(found) or (found[at + 1] in _AUXILIARIES and at + 2 == len(found))


def _is_root(word: str, language: str) -> bool:
    return word in words(language, "roots") or word in _SWITCHED
