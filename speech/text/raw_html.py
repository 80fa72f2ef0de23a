"""Elements of HTML whose content is not the text of a page: scripts, style sheets, drawings, comments."""

from __future__ import annotations

import re

_NAMES = "script|style|template|svg|head|iframe|object|canvas|audio|video"
# Characters in which an end is looked for.
_LONGEST = 1_500
# At the beginning of a line: a block, which may hold blank lines (CommonMark 0.31, HTML blocks 1 and 2).
OPENING = re.compile(rf"[ \t]*<(?P<name>(?:{_NAMES})(?=[\s>/]|\Z)(?![^>]{{0,{_LONGEST}}}/>)|!--)", re.I)
MAY_OPEN = re.compile(r"[ \t]*<(?:!-?|[a-z]{0,8})\Z", re.I)
TAG = re.compile(r"[ \t]*<[^>]*>?")
# In a paragraph. The pattern has one group of its own.
ELEMENT = (
    rf"(?i:<(?P<raw>{_NAMES})\b[^<>]{{0,{_LONGEST}}}(?:/>|>.{{0,{_LONGEST}}}?</(?P=raw)\s{{0,9}}>)"
    rf"|<!--.{{0,{_LONGEST}}}?-->)"
)
# A tag of any other element.
OTHER_TAG = re.compile(rf"<(?!/?(?:{_NAMES})\b|!--)[A-Za-z/!][^<>]*>", re.I)
BEGINNING = re.compile(rf"<(?:(?:{_NAMES})\b|!--)", re.I)


def closing_of(name: str) -> re.Pattern[str]:
    return re.compile("-->" if name == "!--" else rf"</{name}\s*>", re.I)
