from __future__ import annotations

import logging
import sys

import pytest

from speechsite.conf.log_config import AsWarning


@pytest.mark.parametrize(("level", "is_logged"), [("DEBUG", True), ("INFO", True), ("WARNING", True), ("ERROR", False)])
def test_a_warning_follows_the_log_level(level: str, is_logged: bool) -> None:
    try:
        raise ValueError
    except ValueError:
        record = logging.LogRecord("name", logging.ERROR, __file__, 1, "Message", None, sys.exc_info())
    assert AsWarning(level).filter(record) is is_logged
    assert logging.Formatter("%(levelname)s: %(message)s").format(record) == "WARNING: Message"


@pytest.mark.parametrize("name", ["SuspiciousFileOperation", "DisallowedRedirect", "RequestDataTooBig"])
def test_other_errors_of_security_keep_their_traceback(name: str) -> None:
    logger = logging.getLogger("django.security")
    # Others are those of the test run.
    [handler] = [one for one in logger.handlers if type(one) is logging.StreamHandler]
    assert handler.filters == []
    assert not logging.getLogger(f"django.security.{name}").handlers
