from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path
from typing import Any

from speechsite.conf.private_files import kept_text


def test_processes_that_start_at_once_keep_one_text(tmp_path: Path) -> None:
    processes = get_context("fork")
    places = [tmp_path / str(number) for number in range(100)]
    meeting = processes.Barrier(4)

    def keep(mine: str, told: Any) -> None:
        texts = []
        for place in places:
            meeting.wait(30)
            texts.append(kept_text("VAR_DIR", place, mine))
        told.put(texts)

    told = processes.Queue()
    keepers = [processes.Process(target=keep, args=(str(number), told)) for number in range(4)]
    for keeper in keepers:
        keeper.start()
    kept = [told.get(timeout=60) for _ in keepers]
    for keeper in keepers:
        keeper.join(10)
    assert kept == [[place.read_text() for place in places]] * 4
