from __future__ import annotations

import re

import pytest
from django.conf import settings

from caching.redis import errors as redis_advice
from caching.redis.errors import Advice

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in (settings.BASE_DIR / "docs").glob("*.md")),
]

PACKAGES = ("caching", "speech", "speechsite", "benchmarks")
# Modules that a reader adds, and the one outside the packages.
NO_MODULES = {
    "speech/providers/acme.py",
    "test_acme.py",
    "speech/audio/formats/NAME.py",
    "caching/semantic/embedders/NAME.py",
    "caching/semantic/indexes/NAME.py",
    "manage.py",
}


@pytest.mark.parametrize(
    "advice", [value for value in vars(redis_advice).values() if isinstance(value, Advice)], ids=lambda a: a.message
)
def test_every_message_about_redis_is_explained(advice: Advice) -> None:
    assert f"`{advice.message}`" in (settings.BASE_DIR / "docs" / "redis.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_linked_exists(document: str) -> None:
    path = settings.BASE_DIR / document
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize(("document", "least"), [("security.md", 50), ("reliability.md", 8)])
def test_every_guarantee_names_tests_that_exist(document: str, least: int) -> None:
    text = (settings.BASE_DIR / "docs" / document).read_text()
    tables = [table.partition("\n\n")[0] for table in re.split(r"^\|.*\| test \|\n\|[ -|]+\n", text, flags=re.M)[1:]]
    rows = [row for table in tables for row in table.splitlines()]
    assert len(rows) >= least
    assert [row for row in rows if ".py`" not in row and "the same" not in row] == []
    named = [name for row in rows for name in re.findall(r"`([^`]+\.py)`", row)]
    assert [name for name in named if not (settings.BASE_DIR / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_is_named_exists(document: str) -> None:
    named = re.findall(r"`([\w/]+\.py)`", (settings.BASE_DIR / document).read_text())
    modules = (
        "\n".join(f"/{path}" for package in PACKAGES for path in (settings.BASE_DIR / package).rglob("*.py")) + "\n"
    )
    assert [name for name in named if f"/{name}\n" not in modules and name not in NO_MODULES] == []
