"""Child processes that do not outlive this one."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

# prctl(2): the signal that the kernel sends to a child whose parent has ended.
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own: Ctrl-C reaches this process alone, which ends its children in order.

    On Linux the kernel ends the child with SIGTERM if this process is killed.
    """
    return subprocess.Popen(  # noqa: S603 (no shell)
        command,
        start_new_session=True,
        preexec_fn=_end_with_the_parent if _libc else None,
        **options,
    )


def _end_with_the_parent() -> None:
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
