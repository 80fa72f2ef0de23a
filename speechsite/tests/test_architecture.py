"""What keeps the project readable, checked: who imports whom, who reads the environment, how long things are."""

from __future__ import annotations

import ast
import graphlib
import importlib
import re
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest

from caching.plugins import plugin_names
from speech import providers
from speech.audio import formats
from speechsite.tests.support.source import APPS, CODE, FILES, ROOT, for_each, functions, imports, name_of, tree_of

LONGEST_FILE = 300
LONGEST_FUNCTION = 60

LAYERS = {
    "caching": (
        "apps migrations keys numbers policy metrics redaction fields plugins tracing background database",
        "redis",
        "models",
        "coordination pricing entry installation shared_scope archive",
        "ledger",
        "semantic",
        "feedback result rules",
        "llm tts stt embeddings",
        "reports",
        "maintenance",
        "templatetags dashboard admin checks management",
    ),
    "speech": (
        "apps migrations exceptions iterators strict_json model_access models metrics",
        "text audio",
        "accounting answer_ids budgets privacy",
        "providers",
        "routing",
        "synthesis llm_judge",
        "services",
        "api",
        "management playground playground_urls urls checks admin",
    ),
}
# Low to high. A file imports from its own layer and from those before it.

PACKAGES = [
    (folder, 25 if "tests" in folder.parts else 20)
    for folder in sorted({path.parent for path in FILES})
    if folder not in (ROOT / "caching", ROOT / "speech")
]

LAYERED = [path for path in CODE if path.relative_to(ROOT).parts[0] in LAYERS and path.parent.name != "tests"]

MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|home|Users|root|opt|tmp)/\w")
FOREIGN_URL = re.compile(r"""(?:src|href|url|import|fetch)\W{1,3}(?:https?:)?//[\w.-]+""")


def layer_of(app: str, part: str) -> int:
    layers = [number for number, names in enumerate(LAYERS[app]) if part in names.split()]
    assert layers, f"say in LAYERS where {app}/{part} belongs"
    return layers[0]


def test_there_is_something_to_check() -> None:
    assert len(CODE) > 40


@for_each(CODE)
def test_imports_go_downwards(path: Path) -> None:
    app = path.relative_to(ROOT).parts[0]
    above = APPS[APPS.index(app) + 1 :]
    assert not [module for module in imports(path) if module.split(".")[0] in above]


@for_each(LAYERED)
def test_the_layers_of_an_app_are_kept(path: Path) -> None:
    app, *rest = path.relative_to(ROOT).parts
    part = rest[0].removesuffix(".py")
    if part == "__init__":
        return
    used = {module.split(".")[1] for module in imports(path) if module.startswith(f"{app}.")} - {part}
    assert {name for name in used if layer_of(app, name) > layer_of(app, part)} == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    modules = {module_of(path): path for path in CODE}
    edges = {name: {base_of(used, modules) for used in imports(path)} - {None, name} for name, path in modules.items()}
    sorter = graphlib.TopologicalSorter(edges)
    sorter.prepare()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def base_of(used: str, modules: Mapping[str, Path]) -> str | None:
    """The file that `used` names: a module, or something inside one."""
    return used if used in modules else next((name for name in [used.rpartition(".")[0]] if name in modules), None)


@for_each(CODE)
def test_only_one_folder_talks_to_redis(path: Path) -> None:
    if path.is_relative_to(ROOT / "caching" / "redis"):
        return
    assert not [module for module in imports(path) if module.split(".")[0] in ("redis", "django_redis")]
    assert not [module for module in imports(path) if module.startswith("django.core.cache")]


@for_each(CODE)
def test_only_one_place_speaks_http_to_providers(path: Path) -> None:
    shared = path.parent == ROOT / "speech" / "providers" / "_shared"
    if shared or path.parent == ROOT / "caching" / "semantic" / "embedders":
        return
    assert not [module for module in imports(path) if module.split(".")[0] == "urllib3"]


@pytest.mark.parametrize(("folder", "most"), [(ROOT / "caching", 18), (ROOT / "speech", 18), *PACKAGES])
def test_no_folder_is_crowded(folder: Path, most: int) -> None:
    assert len(list(folder.glob("*.py"))) <= most


@for_each(CODE)
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


@for_each(FILES)
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert {f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION} == set()


@for_each(FILES)
def test_every_file_has_postponed_annotations(path: Path) -> None:
    if path.name == "__init__.py":
        return
    assert "__future__.annotations" in imports(path)


@pytest.mark.parametrize(("folder", "class_name"), [(providers, "Provider"), (formats, "Codec")])
def test_every_plug_in_has_the_class_of_the_agreed_name(folder: ModuleType, class_name: str) -> None:
    names = plugin_names(folder.__path__)
    assert names
    assert names == folder.names()
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
