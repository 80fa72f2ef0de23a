#!/usr/bin/env python
import codecs
import errno
import io
import os
import signal
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error

from speechsite import __version__


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speechsite.settings")
    if sys.argv[1:] == ["version"]:
        # Django's own command of this name knows Django's version only.
        sys.stdout.write(f"speechsite {__version__}, Django {django.get_version()}\n")
        sys.exit()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Configuration error: {error}")
    except Error as error:
        if "--traceback" in sys.argv:
            raise
        # Needs Django set up.
        from speechsite.server.database_errors import explain

        sys.exit(explain(error))


def escaped(error: UnicodeError) -> tuple[str, int]:
    """Write what cannot be encoded as JSON does, which reads no `\\xfc` and `\\U0001f600` of `backslashreplace`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[first : first + 4]}" for first in range(0, len(units), 4)), error.end


def write_what_the_console_lacks_as_escapes() -> None:
    """Let no character end a command: a console may know ASCII only."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # Closed by who started it.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    codecs.register_error("escaped", escaped)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="escaped")


def end_quietly(status: int) -> None:
    """End, and let nothing be written any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        os.dup2(nowhere, stream.fileno())
    sys.exit(status)


if __name__ == "__main__":
    try:
        write_what_the_console_lacks_as_escapes()
        try:
            main()
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has enough.
        end_quietly(128 + signal.SIGPIPE)
    except KeyboardInterrupt:
        end_quietly(128 + signal.SIGINT)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) or "--traceback" in sys.argv:
            raise
        sys.stderr.write(f"Cannot write: {error}\n")
        end_quietly(1)
