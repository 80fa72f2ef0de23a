from __future__ import annotations

import subprocess
import sys

from django.conf import settings

PROGRAM = "import sys, speechsite.wsgi; sys.exit('speech.api.views' not in sys.modules)"


def test_a_worker_has_imported_every_view_before_its_first_request() -> None:
    assert subprocess.run([sys.executable, "-c", PROGRAM], cwd=settings.BASE_DIR, timeout=60).returncode == 0
