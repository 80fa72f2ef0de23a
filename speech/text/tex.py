"""Formulas in TeX, as models write them, in characters that a voice reads."""

from __future__ import annotations

import re
import unicodedata

_SYMBOLS = {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥",
    "ne": "≠", "neq": "≠", "approx": "≈", "equiv": "≡", "sim": "∼", "propto": "∝", "infty": "∞", "sum": "∑",
    "prod": "∏", "int": "∫", "partial": "∂", "nabla": "∇", "in": "∈", "notin": "∉", "subset": "⊂", "cup": "∪",
    "cap": "∩", "forall": "∀", "exists": "∃", "to": "→", "rightarrow": "→", "Rightarrow": "⇒", "implies": "⇒",
    "iff": "⇔", "leftarrow": "←", "ldots": "…", "cdots": "…", "dots": "…", "degree": "°", "circ": "°",
    "angle": "∠", "perp": "⊥", "mid": "|",
}  # fmt: skip
# Commands that nobody hears.
_SILENT = re.compile("left|right|displaystyle|limits|q?quad|text(?:bf|it)?|math(?:rm|bf|it|bb|cal)|operatorname|boxed")
_SUPERSCRIPTS = str.maketrans("0123456789+-=()n i", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ ⁱ")
_GROUP = r"\{([^{}]*)\}"
_FRACTION = re.compile(rf"\\[dtc]?frac\s*{_GROUP}\s*{_GROUP}")
_ROOT = re.compile(rf"\\sqrt\s*(?:\[[^\]]*\])?\s*{_GROUP}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}")
_POWER = re.compile(rf"\s*\^\s*(?:{_GROUP}|(\\?\w))")
_INDEX = re.compile(rf"\s*_\s*(?:{_GROUP}|(\\?\w))")
_COMMAND = re.compile(r"\\([A-Za-z]+)( ?)")
_SPACING = re.compile(r"\\[,;:! ]|~|&")
_DEEPEST = 8


def spoken_formula(tex: str) -> str:
    """Return `tex` without its commands and braces."""
    text = _ENVIRONMENT.sub(" ", tex).replace("\\\\", ", ")
    for _ in range(_DEEPEST):
        before = text
        text = _ROOT.sub(r"√\1", _FRACTION.sub(r"\1 / \2", text))
        text = _INDEX.sub(lambda match: f" {match[1] or match[2]}", _POWER.sub(_power, text))
        if text == before:
            # Groups of nothing that is known here: the innermost are opened.
            text = re.sub(_GROUP, r" \1 ", text)
        if text == before:
            break
    text = _COMMAND.sub(_symbol, _SPACING.sub(" ", text))
    return " ".join(re.sub(r"[\\{}]", "", text).split())


def _power(match: re.Match[str]) -> str:
    exponent = match[1] or match[2] or ""
    raised = exponent.translate(_SUPERSCRIPTS)
    return raised if all(sign not in exponent for sign in raised.replace(" ", "")) else f" ^ {exponent}"


def _symbol(match: re.Match[str]) -> str:
    name, space = match[1], match[2]
    if _SILENT.fullmatch(name):
        return " "
    if name in _SYMBOLS:
        return _SYMBOLS[name] + space
    size = "SMALL" if name.islower() else "CAPITAL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}") + space
    except KeyError:
        return name + space
