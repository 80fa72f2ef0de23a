"""Settings of drf-spectacular."""

from __future__ import annotations

SPECTACULAR_SETTINGS = {
    "TITLE": "Speech gateway",
    "DESCRIPTION": "Caching gateway for chat and speech: serves from Redis, or calls a provider on a miss.",
    "VERSION": "0.1.0",
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    # Choices are inlined: several fields called `provider` have different ones.
    "POSTPROCESSING_HOOKS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
