"""A loopback OpenAI in a separate process, so that its work is not measured.

Run: python -m benchmarks.speed.provider MILLISECONDS. It prints its base URL.
"""

from __future__ import annotations

import sys
import threading

from speech.tests.loopback import FakeOpenAI
from speech.tests.loopback.answers import Seen


class Provider(FakeOpenAI):
    def admit(self, seen: Seen) -> str:
        """Does not record requests, unlike in tests: there are hundreds of thousands."""
        return "ok"


if __name__ == "__main__":
    with Provider(delay=int(sys.argv[1]) / 1000) as provider:
        print(f"{provider.url}/v1", flush=True)
        threading.Event().wait()
