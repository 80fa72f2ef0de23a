from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from speechsite.server import first_run


@pytest.mark.django_db
@pytest.mark.parametrize("folder", ["var", "deep/er/var", "with a space/it's"])
@pytest.mark.parametrize("inside", [True, False])
def test_what_it_prints_can_be_pasted(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, inside: bool
) -> None:
    directory = tmp_path / folder
    directory.mkdir(parents=True)
    monkeypatch.chdir(tmp_path if inside else "/")
    settings.VAR_DIR = directory
    monkeypatch.setattr(first_run, "_KEY_FILE", directory / "demo_api_key")
    (directory / "demo_api_key").write_text("sg_1")
    block = first_run.introduction("http://127.0.0.1:1", "")
    key, command = (
        shlex.split(found[1])
        for pattern in (r"saved in (.*?) *│", r"│ +(VAR_DIR=.* changepassword admin) *│")
        if (found := re.search(pattern, block))
    )
    assert Path(*key).read_text() == "sg_1"
    assert command[0] == f"VAR_DIR={directory}"
    assert all(Path(program).is_file() for program in command[1:3])
