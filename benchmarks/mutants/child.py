"""The process that runs the tests on one changed module."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, ModuleType

LIBRARIES = (
    *("pytest", "pytest_timeout", "pytest_django.plugin", "xdist.plugin", "xdist.scheduler", "hypothesis"),
    *("django.db.models", "django.forms", "django.template", "django.test", "django.contrib.admin.widgets"),
    *("redis", "redis.cluster", "redis.sentinel", "numpy", "urllib3", "prometheus_client", "wordllama", "sentencex"),
)
"""Take most of a start, and read no settings."""
OPTIONS = ("-x", "-q", "-n0", "-p", "no:cacheprovider")


def preload() -> None:
    sys.dont_write_bytecode = False  # pytest rewrites each test file once, not once a change
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)


def prepare(directory: Path, verbose: bool = False) -> None:
    """Make this fork a process that can run tests: a group of its own, quiet, with files of its own."""
    os.setsid()
    if not verbose:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(directory)
    from hypothesis import Phase, settings

    settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate], deadline=None)
    settings.load_profile("mutants")


def run_tests(module: str, path: Path, code: CodeType, tests: list[str], directory: Path, verbose: bool) -> int:
    """Return pytest's exit status."""
    prepare(directory, verbose)
    sys.meta_path.insert(0, _Finder(module, path, code))
    import pytest

    return int(pytest.main([*OPTIONS, "--basetemp", str(directory / "tmp"), *tests]))


def stop(pid: int) -> None:
    """End the process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the changed module before Python finds the one on disk."""

    def __init__(self, module: str, path: Path, code: CodeType) -> None:
        self._module, self._path, self._code = module, path.resolve(), code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=_Loader(fullname, self._path, self._code)
        )


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: Path, code: CodeType) -> None:
        super().__init__(fullname, str(path))
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code
