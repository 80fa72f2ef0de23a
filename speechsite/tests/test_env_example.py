"""`.env.example` and the table of docs/configuration.md say what the code reads, and its defaults."""

from __future__ import annotations

import ast
import re
from typing import Any

from django.conf import settings

from speech import providers

NOT_IN_A_FILE = {"ENV_FILE"}  # it names the file


def read_by_settings() -> dict[Any, str]:
    """Every variable that settings.py reads with one of its helpers, and its default as it would stand in a file."""
    tree = ast.parse((settings.BASE_DIR / "speechsite" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    helpers = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id.startswith("env")]
    return {call.args[0].value: default_of(call) for call in helpers if isinstance(call.args[0], ast.Constant)}


def default_of(call: ast.Call) -> str:
    if len(call.args) < 2 or not isinstance(call.args[1], ast.Constant):
        return ""
    default: Any = call.args[1].value
    return str(int(default)) if isinstance(default, bool) else str(default)


def read_by_providers() -> dict[str, str]:
    return {
        f"{name.upper()}_{key}": default
        for name in providers.names()
        for key, default in providers.get(name).defaults.items()
    }


def test_the_example_lists_every_variable_with_its_default() -> None:
    listed = re.findall(r"^# ([A-Z][A-Z0-9_]*)=(.*)$", (settings.BASE_DIR / ".env.example").read_text(), re.MULTILINE)
    assert dict(listed) == read_by_settings() | read_by_providers()


def test_settings_read_the_environment_with_their_helpers_alone() -> None:
    text = (settings.BASE_DIR / "speechsite" / "settings.py").read_text()
    assert set(re.findall(r"os\.environ\.get\(\"(\w+)\"", text)) == NOT_IN_A_FILE


def test_the_table_of_the_configuration_agrees() -> None:
    table = (settings.BASE_DIR / "docs" / "configuration.md").read_text()
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \| (?:`(.*?)`)? *\|", table, re.M)
    assert dict(rows) == read_by_settings() | read_by_providers()
