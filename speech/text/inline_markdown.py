"""One paragraph's worth of Markdown as it is to be spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token

from speech.text import raw_html
from speech.text.tex import spoken_formula

_parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("code")
# Nothing is opened here: a link to a file is a link as well.
_parser.validateLink = lambda url: True  # type: ignore[method-assign]

# A text without these characters needs no parsing.
MARKS = frozenset("*_~`[]<>&\\!|^#$=")

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u2500-\u25ff\u3030\u303d\u3297\u3299"
    "\U000e0020-\U000e007f\ufe0f\u20e3]\u200d?"
)
_SHORTCODE = re.compile(r"(?<![\w:]):(?:[a-z][a-z0-9_+-]*|[+-]1):(?![\w:])")
_ALERT = re.compile(r"\[!([A-Za-z]+)\]")
_PAIRED = re.compile(r"(?<=\w)~([^\s~]+)~|(?<![\w~])~([^\s~]+)~(?![\w~])|(?<![\w=])==(?=\w)|(?<=\w)==(?![\w=])")
_MAIL = re.compile(r"\bmailto:(?=\S+@)")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_REFERENCE = re.compile(r"!?\[([^\]\[]*)\](?:\[[^\]]*\])?")
# Behind these a text that is streamed may be cut, so they are to a mark what white space is.
ENDS = "。！？，、；：।"
_LEFT_OVER = re.compile(
    rf"\*\*+|__+|~~+|`+|(?<!\w)[*_](?=\S)|(?<=[^\s{ENDS}])[*_](?!\w)"
    rf"|(?<![^\s{ENDS}])(?:\*(?!\s+\d)|#{{1,6}})(?!\S)[ \t]?"
)
# Numbers of sources: behind the words that they prove ("Paris[1]", "so.[2, 3]") or several in a row. One that stands
# alone may be meant to be heard: "Press [1]".
_NUMBERS = r"\[[1-9]\d{0,2}(?:(?:, ?|[–-])[1-9]\d{0,2})*\]"
_CITATION = re.compile(
    rf"(?:(?:(?<=[\w\u0300-\u036f\u0900-\u0dff]{{2}})|(?<=[.,;!?%)\"'»”…]))(?:{_NUMBERS})+|(?<![^\s{ENDS}])(?:{_NUMBERS}){{2,}})"
    r"(?=[\s.,;:!?…)\"'»”。，！？।]|\Z)(?![.:]\w)"
)
# What OpenAI's models write in their place.
_SOURCE = re.compile("【[^\\s【】†]*†[^\\s【】]*】|\ue200[^\\s\ue200\ue201]*\ue201")
_BAR = re.compile(r"\s*(?<!\|)\|(?!\|)")

_TIMES = re.compile(r"(?<=\d)\*(?=\d)")
_TO_THE_POWER = re.compile(r"(?<=\w)\*\*(?=\d)")
_UNCOUNTED = re.compile(rf"{_TIMES.pattern}|\\.|(?<=\s)[*_]+(?=\s)|(?<=\w)_+(?=\w)")
_CODE = re.compile(r"(?s)(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
# A dollar begins a formula where Pandoc says so, and no price does: "$5 to $6", "$5M".
_DOLLAR = r"(?<![\w$\\])\$(?=[A-Za-z\\({|]|\d+[A-Za-z]?[\\^_])"
_INSIDE = r"(?:(?!\\[\[(]).)+?"
# A link of a wiki, but not a link whose text is in brackets: "[[1]](url)".
_WIKI_LINK = r"!?\[\[(?P<page>[^\]\[|\n]+)(?:\|(?P<label>[^\]\[\n]*))?\]\](?![(\[:])"
# A number of a source that is a link to it.
_LINKED_NUMBER = r"(?P<linked>(?:\[\[\d{1,3}\]\]|(?<=[\w.,;!?%)])\[\d{1,3}\])\([^()\s]+\))"
# Control tokens of chat templates that servers let through: "<|im_end|>", "<｜end▁of▁sentence｜>".
_TEMPLATE_MARK = r"(?P<template><[|｜][\w▁]{3,40}[|｜]>)"
# What the parser does not know, and code, in which it is nothing.
_EXTENSION = re.compile(
    rf"(?s){_CODE.pattern[4:]}|{_WIKI_LINK}|{_LINKED_NUMBER}|{_TEMPLATE_MARK}|{raw_html.ELEMENT}|\$\$(?P<block>.+?)\$\$"
    rf"|\\\[(?P<display>{_INSIDE})\\\]|\\\((?P<inline>{_INSIDE})\\\)"
    rf"|{_DOLLAR}(?P<dollars>[^$\n]*?\S)\$(?![\w$])"
)
_OPEN_FORMULA = re.compile(rf"\$\$|\\[\[(]|{_DOLLAR}")
_OF_FORMULAS = re.compile(r"[\\^_={}]|\A.{1,2}\Z")
# Tags between which words do not run together, and those of the cells of a table.
_BLOCK = re.compile(
    r"</?(?:br|hr|p|div|h[1-6]|li|[uod]l|d[td]|tr|table|t(?:head|body)|summary|details|section|blockquote|pre)\b[^>]*>",
    re.I,
)
_CELL = re.compile(r"</?t[dh]\b[^>]*>", re.I)
# What the marks of code and formulas are while those of the text around them are taken out.
_SHIELDED = {ord(mark): 0xF0000 + ord(mark) for mark in MARKS | {":"}}
_UNSHIELDED = {private: chr(mark) for mark, private in _SHIELDED.items()}
# Marks whose meaning depends on what comes next.
_OPEN_ENDS = ("*", "#", "|", "\\", "!")
_OPEN_TAG = re.compile("<[A-Za-z/!]")
_BRACKETS = re.compile(r"[\[\]]")
_OPEN_TARGET = re.compile(r"\](?:\([^()]*(?:\([^()]*\)[^()]*)*\Z|\Z)")


def spoken(source: str) -> str:
    """Return `source`, which must be balanced or complete, without its marks. White space at its ends stays."""
    if MARKS.isdisjoint(source):
        return without_emoji(source)
    source = _EXTENSION.sub(_without_marks, _TO_THE_POWER.sub("^", _TIMES.sub("×", source)))
    inner = source.strip()
    if not inner:
        return source
    begin = source.index(inner[0])
    text = "".join(_texts(_parser.parseInline(inner)[0].children or ()))
    text = _REFERENCE.sub(r"\1", _CITATION.sub("", _ALERT.sub(r"\1.", _FOOTNOTE.sub("", text))))
    text = _PAIRED.sub(r"\1\2", _LEFT_OVER.sub("", text))
    text = f"{source[:begin]}{_MAIL.sub('', text)}{source[begin + len(inner) :]}"
    return without_emoji(_BAR.sub(",", text)).translate(_UNSHIELDED)


def _without_marks(match: re.Match[str]) -> str:
    if match["raw"] or match["linked"] or match["template"] or match[0].startswith("<!--"):
        return ""
    if match["page"]:
        return match["label"] or match["page"]
    tex = match["block"] or match["display"] or match["inline"] or match["dollars"]
    if not tex or (match["dollars"] and not _OF_FORMULAS.search(tex)):
        return match[0]
    return spoken_formula(tex).translate(_SHIELDED)


def cells(header: str, delimiter: str, row: str = "") -> list[str]:
    """Return the cells of the header of a table, or of a row of it."""
    tokens = _parser.parse("\n".join((header, delimiter, row)))
    texts = [token.content for token in tokens if token.type == "inline"]
    return [spoken(text) for text in (texts[len(texts) // 2 :] if row else texts)]


def is_table(header: str, delimiter: str) -> bool:
    return any(token.type == "table_open" for token in _parser.parse(f"{header}\n{delimiter}"))


def without_emoji(text: str) -> str:
    if ":" in text:
        text = _SHORTCODE.sub("", text)
    return text if text.isascii() else _EMOJI.sub("", _SOURCE.sub("", text))


def is_balanced(source: str) -> bool:
    """Tell if no emphasis, code, link or tag that begins in `source` can end behind it."""
    # A tag leaves nothing between a mark and what comes next.
    source = _without_last_tags(source)
    if source.endswith(_OPEN_ENDS):
        # Known before the rest is read, which would be read again for each line of a table without its own bars.
        return False
    # Their place is neither a word nor white space.
    source = _EXTENSION.sub("\ufffc", source)
    if _OPEN_FORMULA.search(source) or raw_html.BEGINNING.search(source):
        return False
    without_code = _CODE.sub("", _UNCOUNTED.sub("", source))
    return (
        "`" not in without_code
        and without_code.count("*") % 2 == 0
        and without_code.count("**") % 2 == 0
        and without_code.count("_") % 2 == 0
        and without_code.count("~~") % 2 == 0
        and not _opens_bracket(without_code)
        and not _OPEN_TAG.search(without_code.rpartition(">")[2])
        and not _OPEN_TARGET.search(without_code)
    )


def _without_last_tags(source: str) -> str:
    while source.endswith(">") and raw_html.OTHER_TAG.fullmatch(source, begin := source.rfind("<")):
        source = source[:begin]
    return source


def _opens_bracket(source: str) -> bool:
    depth = 0
    for bracket in _BRACKETS.findall(source):
        depth = depth + 1 if bracket == "[" else max(0, depth - 1)
    return depth > 0


def _texts(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak") or (token.type == "html_inline" and _BLOCK.match(token.content)):
            yield "\n"
        elif token.type == "html_inline" and _CELL.match(token.content):
            yield " "
        elif token.type == "image":
            yield "".join(_texts(token.children or ()))
        elif token.type == "code_inline":
            yield token.content.translate(_SHIELDED)
        elif token.type in ("text", "text_special"):
            yield token.content
