from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from speechsite.server import counters


def test_counters_lie_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    for in_memory, parent in ((tmp_path / "memory", tmp_path / "memory"), (tmp_path / "none", Path(tmp_path))):
        monkeypatch.setattr(counters, "IN_MEMORY", str(in_memory))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with counters.new_directory() as directory:
            assert Path(directory).parent == parent
    monkeypatch.setattr(counters, "ROOM_BYTES", 2**62)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        counters.new_directory()
    assert [path.name for path in tmp_path.rglob("*")] == ["memory"]
