"""The lock files pin everything that the requirements files need, by hash."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from speechsite.tests.support.source import ROOT

LOCKS = tuple(f"requirements{part}" for part in ("", "-embedded", "-otel", "-sso", "-s3", "-codecs", "-dev"))
INCLUDE = re.compile(r"^-r (\S+)$", re.MULTILINE)


def wanted(path: Path) -> Iterator[Requirement]:
    """Every requirement of a file and of those that it includes."""
    text = path.read_text()
    for included in INCLUDE.findall(text):
        yield from wanted(ROOT / included)
    for line in text.splitlines():
        if line and not line.startswith(("#", "-")):
            yield Requirement(line)


def locked(name: str) -> dict[str, str]:
    """Versions by package name. Several versions for several platforms are joined."""
    found: dict[str, str] = {}
    for line in (ROOT / f"{name}.lock").read_text().splitlines():
        if match := re.match(r"([a-z0-9.-]+)==([^\s;]+)", line):
            found[match[1]] = f"{found.get(match[1], '')} {match[2]}".strip()
    return found


def needed(requirement: Requirement) -> Iterator[str]:
    """The installed packages that `requirement` needs, itself included."""
    todo, seen = [requirement], set[tuple[str, str]]()
    while todo:
        current = todo.pop()
        for extra in ("", *current.extras):
            name = canonicalize_name(current.name)
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            yield name
            for line in metadata.requires(name) or ():
                more = Requirement(line)
                if more.marker is None or more.marker.evaluate({"extra": extra}):
                    todo.append(more)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_the_versions_of_its_requirements_file(name: str) -> None:
    pins = locked(name)
    for requirement in wanted(ROOT / f"{name}.txt"):
        [pinned] = requirement.specifier
        assert pins.get(canonicalize_name(requirement.name)) == pinned.version, "run `make lock`"


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_a_lock_pins_what_the_requirements_need_themselves(name: str) -> None:
    pins = locked(name)
    for requirement in wanted(ROOT / f"{name}.txt"):
        if requirement.marker is None or requirement.marker.evaluate():
            assert {package for package in needed(requirement) if package not in pins} == set(), "run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_has_a_hash(name: str) -> None:
    text = (ROOT / f"{name}.lock").read_text()
    packages = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert packages
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []


def test_the_bill_of_materials_has_every_package_of_the_lock_with_a_hash() -> None:
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements.lock", "--no-validate"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    found = {part["name"]: part for part in json.loads(made.stdout)["components"]}
    assert {canonicalize_name(name) for name in found} == set(locked("requirements"))
    assert all("hashes" in str(part.get("externalReferences", part)) for part in found.values())


def test_a_release_fails_where_nothing_could_be_audited(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = runpy.run_path(str(ROOT / ".ci" / "audit.py"))
    monkeypatch.setitem(audit["main"].__globals__, "COMMAND", [sys.executable, "-c", "print('no answer')"])
    monkeypatch.setattr(sys, "argv", ["audit.py"])
    assert audit["main"]() == 0
    monkeypatch.setattr(sys, "argv", ["audit.py", "--release"])
    assert audit["main"]() == 1
    skipped, failed = capsys.readouterr().out.splitlines()
    assert "SKIPPED" in skipped and "FAILED" in failed and "Nothing was checked" in failed
