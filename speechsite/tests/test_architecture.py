"""What keeps the project readable, checked: who imports whom, who reads the environment, how long things are."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest

from speech import providers
from speech.audio import formats
from speechsite.tests.source import APPS, CODE, FILES, ROOT, functions, imports, name_of, tree_of

LONGEST_FILE = 300
LONGEST_FUNCTION = 60

LAYERS = [
    {"apps", "migrations"},
    {
        "keys",
        "levels",
        "metrics",
        "logs",
        "durations",
        "progress",
        "usage",
        "fields",
        "chunks",
        "drain",
        "turns",
        "redis",
    },
    {"store", "serializers", "lease", "flight", "rates", "sharing", "write_behind"},
    {"semantic"},
    {"models", "money", "prices"},
    {"ledger"},
    {"judging"},
    {"outcome", "answers", "question", "paraphrase"},
    {"llm", "tts", "stt"},
    {"entries", "redis_health", "figures", "stats", "correctness", "report", "doctor"},
    {"templatetags", "dashboard"},
    {"checks", "admin", "views", "urls", "management"},
]
"""`caching`, low to high. A file imports from its own layer and from those before it."""

MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|home|Users|root|opt|tmp)/\w")
FOREIGN_URL = re.compile(r"""(?:src|href|url|import|fetch)\W{1,3}(?:https?:)?//[\w.-]+""")


def layer_of(name: str) -> int:
    return next((number for number, names in enumerate(LAYERS) if name in names), -1)


def test_there_is_something_to_check() -> None:
    assert len(CODE) > 40


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_imports_go_downwards(path: Path) -> None:
    app = path.relative_to(ROOT).parts[0]
    above = APPS[APPS.index(app) + 1 :]
    assert not [module for module in imports(path) if module.split(".")[0] in above]


@pytest.mark.parametrize("path", [path for path in CODE if path.is_relative_to(ROOT / "caching")], ids=name_of)
def test_the_layers_of_the_cache_are_kept(path: Path) -> None:
    part = path.relative_to(ROOT / "caching").parts[0].removesuffix(".py")
    if part == "__init__":
        return
    assert layer_of(part) >= 0, f"say in LAYERS where {part} belongs"
    used = {module.split(".")[1] for module in imports(path) if module.startswith("caching.")} - {part}
    assert {name for name in used if layer_of(name) > layer_of(part)} == set()


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_only_the_store_talks_to_redis(path: Path) -> None:
    if path.is_relative_to(ROOT / "caching") and path.name in ("store.py", "serializers.py"):
        return
    assert not [module for module in imports(path) if module.split(".")[0] == "django_redis"]
    assert not [module for module in imports(path) if module.startswith("django.core.cache")]


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_only_settings_read_the_environment(path: Path) -> None:
    if path == ROOT / "speechsite" / "settings.py":
        return
    tree = tree_of(path)
    written = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.setdefault":
            written.add(id(node.func.value))  # type: ignore[attr-defined]
    read = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
        and id(node) not in written
    ]
    assert not read
    assert not imports(path) & {"os.environ", "os.getenv", "dotenv.load_dotenv"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert {f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION} == set()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_has_postponed_annotations(path: Path) -> None:
    if path.name == "__init__.py":
        return
    assert "__future__.annotations" in imports(path)


@pytest.mark.parametrize(("folder", "class_name"), [(providers, "Provider"), (formats, "Codec")])
def test_every_plug_in_has_the_class_of_the_agreed_name(folder: ModuleType, class_name: str) -> None:
    names = [module.name for module in pkgutil.iter_modules(folder.__path__) if module.name != "base"]
    assert names
    assert sorted(names) == list(folder.names())
    base = getattr(importlib.import_module(f"{folder.__name__}.base"), f"Base{class_name}")
    for name in names:
        assert issubclass(getattr(importlib.import_module(f"{folder.__name__}.{name}"), class_name), base)


def test_no_file_names_a_place_of_one_machine() -> None:
    patterns = ("*.md", "*.toml", "*.txt", "docs/*.md", ".ci/run", ".env.example", "Makefile")
    paths = chain(FILES, *(ROOT.glob(pattern) for pattern in patterns))
    assert [name_of(path) for path in paths if MACHINE_PATH.search(path.read_text())] == []


def test_no_template_loads_anything_from_elsewhere() -> None:
    templates = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    assert [name_of(path) for path in templates if FOREIGN_URL.search(path.read_text())] == []
