"""Texts that people read: documents, pages, OpenAPI descriptions, and strings in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from speechsite.tests.support.source import CODE, ROOT, name_of, tree_of

# Word tables, prompts and patterns are data, not texts.
DATA = ("speech/privacy/", "caching/semantic/text/", "speech/llm_judge.py")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "benchmarks").rglob("README.md")),
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

_CODE_BLOCK = re.compile(r"^```.*?^```|^(?: {4,}|\t)\S.*?$", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\([^)\s]+\)")
_TAG = re.compile(r"\{%(.*?)%\}|\{\{.*?\}\}|<(/?\w[^<>]*)>", re.DOTALL)
_SHOWN_ATTRIBUTE = re.compile(
    r"""\b(?:text|message|title|label|aria-label|data-label|placeholder|alt)=["']([^"'{]+)["']"""
)
_OF_PROGRAMS = re.compile(r"redis\.call|\(\?[<:=!P]|^\s*[~^*/.]")


@dataclass(frozen=True, slots=True)
class Text:
    source: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.words[:160]}"


def public_texts() -> list[Text]:
    return [*_documents(), *_templates(), *_openapi(), *_strings()]


def prose(markdown: str) -> str:
    """The text without code and link targets; line numbers are kept."""
    for pattern in (_CODE_BLOCK, _INLINE_CODE, _LINK):
        markdown = pattern.sub(_blank, markdown)
    return markdown


def shown(template: str) -> str:
    """The text of a page and of those attributes that a browser shows or reads out; line numbers are kept."""
    return _TAG.sub(lambda tag: _blank(tag) + " | ".join(_SHOWN_ATTRIBUTE.findall(tag[0])), template)


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Strings of more than one word that are no docstrings, with the literal parts of f-strings."""
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node) if part is not node}
            parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
            text = "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            text = node.value
        else:
            continue
        if " " in text.strip() and not _OF_PROGRAMS.search(text):
            yield node.lineno, text


def _blank(match: re.Match[str]) -> str:
    return "…" + "\n" * match[0].count("\n")


def _lines(path: Path, text: str) -> Iterator[Text]:
    for paragraph in re.finditer(r"(?:^.*\S.*$\n?)+", text, re.MULTILINE):
        yield Text(name_of(path), text.count("\n", 0, paragraph.start()) + 1, " ".join(paragraph[0].split()))


def _documents() -> Iterator[Text]:
    for path in DOCUMENTS:
        yield from _lines(path, prose(path.read_text()))
    changelog = ROOT / "CHANGELOG.md"
    yield from _lines(changelog, prose(re.split(r"^## \d", changelog.read_text(), maxsplit=1, flags=re.MULTILINE)[0]))
    example = ROOT / ".env.example"
    comments = re.sub(r"^# [A-Z][A-Z0-9_]*=.*$", "", example.read_text(), flags=re.MULTILINE)
    yield from _lines(example, re.sub(r"^#", "", comments, flags=re.MULTILINE))


def _templates() -> Iterator[Text]:
    for path in TEMPLATES:
        yield from _lines(path, shown(path.read_text()))


def _openapi() -> Iterator[Text]:
    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (node[name] for name in ("description", "summary") if isinstance(node.get(name), str))
            for child in node.values():
                yield from walk(child)
        elif isinstance(node, list):
            for child in node:
                yield from walk(child)

    schema = SchemaGenerator().get_schema(request=None, public=True)
    for description in sorted(set(walk(schema))):
        yield Text("OpenAPI", 0, " ".join(_INLINE_CODE.sub("…", description).split()))


def _strings() -> Iterator[Text]:
    for path in CODE:
        if not name_of(path).startswith(DATA):
            for line, text in literals(tree_of(path)):
                yield Text(name_of(path), line, " ".join(_INLINE_CODE.sub("…", text).split()))
