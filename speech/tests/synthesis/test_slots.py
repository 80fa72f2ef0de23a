"""How many sentences a process has synthesized at once."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

from django.conf import settings

from speech.synthesis.voice import Speaker


def speaker(provider: str) -> Speaker:
    nothing: Any = None
    named: Any = SimpleNamespace(name=provider)
    return Speaker(client=nothing, provider=named, request=nothing, policy=nothing)


def test_the_sentences_of_a_provider_that_hangs_hold_up_no_other_provider() -> None:
    speaks = threading.Event()

    def speak(provider: str) -> None:
        with speaker(provider).slot():
            speaks.set()

    with ExitStack() as hanging:
        for _ in range(settings.SYNTHESIS_THREADS):
            hanging.enter_context(speaker("hangs").slot())
        one_more = threading.Thread(target=speak, args=["hangs"], daemon=True)
        one_more.start()
        assert not speaks.wait(0.2)
        threading.Thread(target=speak, args=["works"], daemon=True).start()
        assert speaks.wait(10)
    one_more.join(10)
    assert not one_more.is_alive()
