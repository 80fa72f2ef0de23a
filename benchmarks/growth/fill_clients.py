"""Create clients in VAR_DIR, and write that they were used: python -m benchmarks.growth.fill_clients SIZE …

Prints the keys of as many as the largest size, and the milliseconds of each write, as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import django

django.setup()

from speech.api.key_usage import KeyUsage  # noqa: E402
from speech.models import Client, ClientKey  # noqa: E402


def main(sizes: list[int]) -> None:
    clients = Client.objects.bulk_create([Client(name=f"client {number}") for number in range(sizes[-1])])
    keys = [ClientKey(client=client, name="first") for client in clients]
    for key in keys:
        key.generate()
    ClientKey.objects.bulk_create(keys)
    ids = list(ClientKey.objects.order_by("pk").values_list("pk", flat=True))[: sizes[-1]]
    writing = []
    for size in sizes:
        usage = KeyUsage()
        for each in ids[:size]:
            usage.note(each)
        began = time.perf_counter()
        usage.write()
        writing.append((size, (time.perf_counter() - began) * 1000))
    print(json.dumps({"keys": [key.secret for key in keys], "writing": writing}))


if __name__ == "__main__":
    main(sorted(map(int, sys.argv[1:])))
