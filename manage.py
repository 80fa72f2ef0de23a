#!/usr/bin/env python
import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from speechsite import __version__

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speechsite.settings")
    if sys.argv[1:] == ["version"]:
        # Django's own command of this name knows Django's version only.
        sys.stdout.write(f"speechsite {__version__}, Django {django.get_version()}\n")
        sys.exit()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Configuration error: {error}")
