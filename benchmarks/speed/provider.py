"""A loopback OpenAI in a process of its own, so that its work is not done by whoever measures.

Run: python -m benchmarks.speed.provider MILLISECONDS. It prints its base URL.
"""

from __future__ import annotations

import sys
import threading

from speech.tests.loopback import FakeOpenAI
from speech.tests.loopback.answers import Seen


class Provider(FakeOpenAI):
    def admit(self, seen: Seen) -> str:
        """Unlike in tests, nobody looks at the requests afterwards: hundreds of thousands are not kept."""
        return "ok"


if __name__ == "__main__":
    with Provider(delay=int(sys.argv[1]) / 1000) as provider:
        print(f"{provider.url}/v1", flush=True)
        threading.Event().wait()
