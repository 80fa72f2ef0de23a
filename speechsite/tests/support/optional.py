"""Packages that take seconds to import, and that may not be installed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import pytest


class Optional:
    """A module that is imported when a test first uses it. Skips the test file that asks for it if it is missing."""

    def __init__(self, name: str, reason: str) -> None:
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            pytest.skip(reason, allow_module_level=True)
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_") or attribute.startswith("pytest"):
            # Looked for by pytest, in all that a test file holds.
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)
