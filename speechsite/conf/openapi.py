"""Settings of drf-spectacular."""

from __future__ import annotations

from speechsite import __version__
from speechsite.api_schema import TAGS

_INTRODUCTION = """
Questions and texts are answered from Redis; a provider is called only on a miss.

**Key.** Staff create a client under *Clients* in the admin, or with `manage.py create_client NAME`; `make run` writes
one to `demo_api_key` in `VAR_DIR` (`var`). Send it as `Authorization: Bearer KEY`: press **Authorize** to try requests
here.

**Cache.** Each answer says where it came from: `X-Cache` (`HIT`, `MISS` or `BYPASS`), `X-Cache-Match` (`exact` or
`semantic`), `Age`, `X-Cost-USD` and `X-Cost-Saved-USD`. `Cache-Control: no-cache`, `no-store`, `max-age=N` and
`only-if-cached` are obeyed.

**Errors** have one shape: `{"error": {"message", "type", "param", "code"}}`.
Failures of a provider are 502, 503 or 504.
"""

SPECTACULAR_SETTINGS = {
    "TITLE": "Speech gateway",
    "DESCRIPTION": _INTRODUCTION,
    "VERSION": __version__,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "TAGS": TAGS,
    # Choices are inlined: several fields called `provider` have different ones.
    "POSTPROCESSING_HOOKS": ["speechsite.api_schema.describe"],
    # Keeps the order of the hook.
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # With deep links it puts links into buttons.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False, "defaultModelsExpandDepth": -1},
}
