"""The main process of granian: python -m speechsite.server.granian_process ADDRESS PORT WORKERS THREADS.

granian's own command line takes no time-out of connections above a minute.
"""

from __future__ import annotations

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

# Within which the head of a request must come; granian (2.8.7) counts from the answer before it. A proxy in front must
# be the first to close an idle connection, or it sends a request into one that is being closed, and answers 502: nginx
# and AWS do so after a minute, Caddy after two, Google Cloud after ten.
HEAD_SECONDS = 620
# Of one worker; an idle one takes 20 KB. By default granian lets all workers together have as many as the backlog, idle
# ones included: clients that keep theirs would shut out all others until HEAD_SECONDS have passed.
MOST_CONNECTIONS = 16_384
# A stopped worker finishes its requests for so long.
STOP_SECONDS = 30


def main(address: str, port: str, workers: str, threads: str) -> None:
    Granian(
        "speechsite.server.worker:application",
        address=address,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(workers),
        blocking_threads=int(threads),
        # Further connections wait in the kernel's queue.
        backlog=2048,
        backpressure=MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000),
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
