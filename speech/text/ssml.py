"""SSML (W3C, "Speech Synthesis Markup Language 1.1") in a text to be spoken, and the tags that engines add to it."""

from __future__ import annotations

import re
from collections.abc import Container
from html import escape, unescape

_NAMES = (
    "speak|break|prosody|emphasis|say-as|sub|phoneme|voice|audio|mark|lang|lexicon|lookup|token|desc|meta|metadata|"
    "p|s|w|speed|volume|emotion|spell|bookmark|backgroundaudio|silence|viseme|(?:amazon|mstts|google|ivr):[a-z-]+"
)
_ATTRIBUTE = r"\s+[\w:.-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*')"
_TAG = re.compile(rf"</?(?P<name>{_NAMES})(?:{_ATTRIBUTE})*\s*/?>")
_SUB = re.compile(r"<sub\s+alias\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)')\s*>[^<>]*</sub\s*>")
_PAUSE = re.compile(r"<break\b[^<>]*?\btime\s*=\s*[\"']\s*\+?(\d*\.?\d+)\s*(m)?s", re.I)
_BREAK = re.compile(r"<break\b(?![^<>]*\bstrength\s*=\s*[\"'](?:none|x-weak)[\"'])[^<>]*>")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.S)
_PROLOGUE = re.compile(r"<\?xml[^<>]*\?>|<!--.*?-->", re.S)


def has_markup(text: str) -> bool:
    """Tell if `text` holds a tag of SSML. `a < b` and HTML do not."""
    return "<" in text and bool(_TAG.search(text))


def without_markup(text: str, keep: Container[str] = ()) -> str:
    """Return `text` without its tags but those named in `keep`; what `sub` stands for is said."""
    if not has_markup(text):
        return text
    is_document = bool(re.search(r"<speak[\s>]", text))
    if is_document:
        text = _CDATA.sub(lambda match: escape(match[1], quote=False), text)
    text = _SUB.sub(lambda match: match[1] or match[2] or "", _PROLOGUE.sub("", text))
    text = _TAG.sub(lambda match: match[0] if match["name"] in keep else _instead_of(match["name"]), text)
    # Only in a document is `&amp;` markup; a kept tag needs it as it is.
    text = unescape(text) if is_document and not has_markup(text) else text
    return re.sub(r"[ \t]{2,}", " ", text).strip()


def has_pause(text: str) -> bool:
    """Tell if `text` holds a break that is heard as one, which makes it sound without any word."""
    return seconds_of_pauses(text) > 0 or any("time" not in tag for tag in _BREAK.findall(text))


def seconds_of_pauses(text: str) -> float:
    """Return how long all its breaks are, as far as they say it in seconds or milliseconds."""
    return sum(float(time) / (1000 if unit else 1) for time, unit in _PAUSE.findall(text))


def _instead_of(name: str) -> str:
    """Words stay apart where a tag stood between them."""
    return " " if name in ("break", "p", "s", "silence") else ""
