from __future__ import annotations

import io
import logging

import pytest

from caching.management.progress import ProgressBar
from caching.management.tables import table, width_of


class Terminal(io.StringIO):
    def write(self, text: str, ending: str = "\n") -> int:
        return super().write(text)

    def isatty(self) -> bool:
        return True


def test_columns_are_aligned_whatever_the_script() -> None:
    lines = table(("Question", "Hits"), [("कहाँ है?", "1,200"), ("在哪里", "3"), ("short", "12")])
    assert len({width_of(line) for line in lines}) == 1
    assert lines[0] == "Question   Hits" and lines[3].endswith("   12")


def test_log_lines_do_not_tear_a_progress_bar(caplog: pytest.LogCaptureFixture) -> None:
    terminal = Terminal()
    handler = logging.StreamHandler(terminal)
    logger = logging.getLogger("speech")
    logger.addHandler(handler)
    try:
        bar = ProgressBar(terminal, 2)
        bar.show(1, "1 of 2")
        logger.info("LLM cache miss")
        logger.warning("the provider is slow")
        bar.end()
        logger.warning("after it")
    finally:
        logger.removeHandler(handler)
    assert "LLM cache miss" not in terminal.getvalue()
    assert "1 of 2" in terminal.getvalue() and "\r\x1b[Kthe provider is slow\n" in terminal.getvalue()
    assert not handler.filters and terminal.getvalue().endswith("after it\n")


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream, 2)
    bar.show(1)
    bar.end()
    assert stream.getvalue() == ""
