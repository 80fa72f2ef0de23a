"""One paragraph's worth of Markdown as it is to be spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token

_parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("code")
# Nothing is opened here: a link to a file is a link as well.
_parser.validateLink = lambda url: True  # type: ignore[method-assign]

# A text without these characters needs no parsing.
MARKS = frozenset("*_~`[]<>&\\!|^#")

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u25a0-\u25ff\u3030\u303d\u3297\u3299"
    "\U000e0020-\U000e007f\ufe0f\u20e3]\u200d?"
)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_REFERENCE = re.compile(r"!?\[([^\]\[]*)\](?:\[[^\]]*\])?")
_LEFT_OVER = re.compile(
    r"\*\*+|__+|~~+|`+|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|(?<!\S)(?:\*(?!\s+\d)|#{1,6})(?!\S)[ \t]?"
)
_BAR = re.compile(r"\s*(?<!\|)\|(?!\|)")

_TIMES = re.compile(r"(?<=\d)\*(?=\d)")
_UNCOUNTED = re.compile(rf"{_TIMES.pattern}|\\.|(?<=\s)[*_]+(?=\s)|(?<=\w)_+(?=\w)")
_CODE = re.compile(r"(?s)(`+)(?:(?!\1).)*\1")
_LINE_BREAK = re.compile(r"<br\s*/?>", re.I)
_OPEN_TAG = re.compile(r"<[A-Za-z/!][^>]*\Z")
_OPEN_TARGET = re.compile(r"\](?:\([^()]*(?:\([^()]*\)[^()]*)*\Z|\Z)")


def spoken(source: str) -> str:
    """`source`, which must be balanced or complete, without its marks. White space at its ends stays."""
    if MARKS.isdisjoint(source):
        return without_emoji(source)
    source = _TIMES.sub("×", source)
    inner = source.strip()
    if not inner:
        return source
    begin = source.index(inner[0])
    text = "".join(_texts(_parser.parseInline(inner)[0].children or ()))
    text = _REFERENCE.sub(r"\1", _FOOTNOTE.sub("", text))
    text = f"{source[:begin]}{_LEFT_OVER.sub('', text)}{source[begin + len(inner) :]}"
    return without_emoji(_BAR.sub(",", text))


def cells(header: str, delimiter: str, row: str = "") -> list[str]:
    """The cells of the header of a table, or of a row of it."""
    tokens = _parser.parse("\n".join((header, delimiter, row)))
    texts = [token.content for token in tokens if token.type == "inline"]
    return [spoken(text) for text in (texts[len(texts) // 2 :] if row else texts)]


def is_table(header: str, delimiter: str) -> bool:
    return any(token.type == "table_open" for token in _parser.parse(f"{header}\n{delimiter}"))


def without_emoji(text: str) -> str:
    return text if text.isascii() else _EMOJI.sub("", text)


def is_balanced(source: str) -> bool:
    """Tell if no emphasis, code, link or tag that begins in `source` can end behind it."""
    counted = _UNCOUNTED.sub("", source)
    without_code = _CODE.sub("", counted)
    return (
        not source.endswith(("*", "#", "|", "\\", "!"))
        and "`" not in without_code
        and without_code.count("*") % 2 == 0
        and without_code.count("**") % 2 == 0
        and without_code.count("_") % 2 == 0
        and without_code.count("~~") % 2 == 0
        and without_code.count("[") <= without_code.count("]")
        and not _OPEN_TAG.search(without_code)
        and not _OPEN_TARGET.search(without_code)
    )


def _texts(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak") or (
            token.type == "html_inline" and _LINE_BREAK.match(token.content)
        ):
            yield "\n"
        elif token.type == "image":
            yield "".join(_texts(token.children or ()))
        elif token.type in ("text", "text_special", "code_inline"):
            yield token.content
