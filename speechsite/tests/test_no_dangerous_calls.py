"""What no code here does with input: run it, unpickle it, read it as YAML or XML, or hand it to a shell."""

from __future__ import annotations

import ast
from pathlib import Path

from speechsite.tests.support.source import CODE, for_each, imports, name_of, tree_of

MODULES = {"pickle", "marshal", "shelve", "dill", "yaml", "xml", "lxml", "tarfile", "zipfile", "gzip", "bz2", "lzma"}
# Read line by line, each of bounded length, from a file that the operator names.
EXEMPT = {"caching/maintenance/export_file.py": {"gzip"}}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "mark_safe", "zlib.decompress"}


@for_each(CODE)
def test_nothing_unsafe_is_imported(path: Path) -> None:
    unsafe = {module.split(".")[0] for module in imports(path)} & MODULES
    assert unsafe == EXEMPT.get(name_of(path), set())


@for_each(CODE)
def test_nothing_is_run_and_no_shell_is_asked(path: Path) -> None:
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    assert {ast.unparse(call.func) for call in calls} & CALLS == set()
    assert [call.lineno for call in calls for word in call.keywords if word.arg == "shell"] == []
