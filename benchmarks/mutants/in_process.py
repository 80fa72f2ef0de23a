"""Changes, tried where everything is imported already: a fork and the tests, without a start.

A session runs the tests once unchanged and forks for each change. The fork gives the function its new code, or runs
the changed module again and puts its names where others have imported the old ones, and runs the tests again, the
quick ones first, on the session's database and servers. Old values stay where they were copied, and threads do not
survive a fork, so only a failing test counts: all else is tried again in a process of its own.
"""

from __future__ import annotations

import importlib
import inspect
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType

import pytest

from benchmarks.mutants import child

FAILED, ODD = 1, 2
PROJECT = ("caching", "speech", "speechsite")


def noticed(
    module: str, unchanged: CodeType, changed: Sequence[CodeType], tests: list[str], directory: Path
) -> set[int] | None:
    """Return the indexes of the changes for which a test fails; None if the unchanged tests do not pass in a fork."""
    found = directory / "noticed"
    pid = os.fork()
    if pid == 0:
        child.prepare(directory)
        session = _Session(module, unchanged, changed, found)
        pytest.main([*child.OPTIONS, "--basetemp", str(directory / "tmp"), *tests], plugins=[session])
        child.stop(os.getpid())
    os.waitpid(pid, 0)
    return {int(line) for line in found.read_text().split()} if found.exists() else None


class _Session:
    """A pytest plug-in that runs the tests of a session once a change."""

    def __init__(self, module: str, unchanged: CodeType, changed: Sequence[CodeType], found: Path) -> None:
        self._module, self._unchanged, self._changed, self._found = module, unchanged, changed, found

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        seconds: dict[pytest.Item, float] = {}
        if _fails(session, seconds):
            return True
        session.items.sort(key=seconds.__getitem__)
        patience = 10 + 5 * sum(seconds.values())
        if _fork_fails(session, lambda: None, patience) is not False:
            return True  # These tests need what a fork has not.
        reloads = _fork_fails(session, lambda: _reload(self._module, self._unchanged), patience) is False
        with self._found.open("w") as found:
            for index, code in enumerate(self._changed):
                change = self._change(code, reloads)
                if change and _fork_fails(session, change, patience):
                    print(index, file=found, flush=True)
        return True

    def _change(self, code: CodeType, reloads: bool) -> Callable[[], None] | None:
        """Return a function that makes the change in this process."""
        if changed := _changed_function(self._module, self._unchanged, code):
            return lambda: _swap(*changed)
        return (lambda: _reload(self._module, code)) if reloads else None


def _fails(session: pytest.Session, seconds: dict[pytest.Item, float]) -> bool:
    """Run the tests up to the first that fails, note their times, and keep the fixtures of the session."""
    items = session.items
    for item, following in zip(items, [*items[1:], items[0]], strict=True):
        began = time.monotonic()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        seconds[item] = time.monotonic() - began
        if session.testsfailed:
            return True
    return False


def _swap(function: FunctionType, code: CodeType) -> None:
    function.__code__ = code
    redaction = sys.modules.get("caching.redaction")
    if redaction:
        redaction.forget_texts()


def _reload(module: str, code: CodeType) -> None:
    """Run the module again, and give its new names to those who have imported the old ones."""
    names = vars(sys.modules[module])
    old = dict(names)
    exec(code, names)  # noqa: S102
    for name, other in list(sys.modules.items()):
        if name.partition(".")[0] in PROJECT:
            theirs = vars(other)
            theirs.update({key: names[key] for key in old if key[:2] != "__" and theirs.get(key) is old[key]})


def _fork_fails(session: pytest.Session, change: Callable[[], None], patience: float) -> bool | None:
    """Return True if a test fails in a fork, False if none does, None if the fork crashes or takes too long."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        status = ODD
        try:
            change()
            status = FAILED if _fails(session, {}) else 0
        finally:
            os._exit(status)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return {0: False, FAILED: True}.get(os.waitstatus_to_exitcode(status))
        time.sleep(0.01)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _changed_function(module: str, unchanged: CodeType, changed: CodeType) -> tuple[FunctionType, CodeType] | None:
    """Return the function whose code differs with its new code, or None where a module or a class body differs."""
    if _own(unchanged) != _own(changed):
        return None
    for old, new in zip(_inside(unchanged), _inside(changed), strict=True):
        if _whole(old) == _whole(new):
            continue
        if not old.co_flags & inspect.CO_OPTIMIZED:
            return _changed_function(module, old, new)
        function = _function(module, old)
        return (function, new) if function and _whole(function.__code__) == _whole(old) else None
    return None


def _inside(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _own(code: CodeType) -> tuple[object, ...]:
    """Return all of the code but its positions and the code inside."""
    constants = [repr(constant) for constant in code.co_consts if not isinstance(constant, CodeType)]
    return code.co_code, code.co_names, code.co_varnames, constants


def _whole(code: CodeType) -> tuple[object, ...]:
    return _own(code), [_whole(inner) for inner in _inside(code)]


def _function(module: str, code: CodeType) -> FunctionType | None:
    """Return the function that runs `code`, below its decorators."""
    found: object = importlib.import_module(module)
    for name in code.co_qualname.split("."):
        found = inspect.getattr_static(found, name, None)
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        match found:
            case staticmethod() | classmethod():
                found = found.__func__
            case property():
                found = found.fget
            case cached_property():
                found = found.func
            case _ if hasattr(found, "__wrapped__"):
                found = found.__wrapped__
            case _:
                return None
    return found
