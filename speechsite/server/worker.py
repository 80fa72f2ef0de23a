"""What granian loads in each of its workers: the WSGI application."""

from __future__ import annotations

import gc
import logging
import signal

# A fork inherits granian's own handler, which only takes note. Told to stop while it still imports, a worker would go
# on until it is killed, 30 s later. Once everything is loaded, granian (2.8.7) sets the handler for workers.
signal.signal(signal.SIGTERM, signal.SIG_DFL)

# What no format of ours shows need not be found out for every line (https://docs.python.org/3/howto/logging.html).
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

from speechsite import wsgi  # noqa: E402
from speechsite.server.sockets import cut_off_deaf_clients  # noqa: E402
from speechsite.server.wsgi_wrappers import in_one_piece, limit_slow_bodies  # noqa: E402

cut_off_deaf_clients()
application = in_one_piece(limit_slow_bodies(wsgi.application))

# What has been loaded stays for good. To look through it again and again stops a worker for 80 ms each time.
gc.collect()
gc.freeze()

__all__ = ["application"]
