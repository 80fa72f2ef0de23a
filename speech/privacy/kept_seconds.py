"""Seconds that a worker keeps what it knows of a client; `manage.py forget` waits as long, without the API."""

from __future__ import annotations

# A key with its client. A revoked key must stop working everywhere within 30 seconds.
KEYS = 15.0
# A request's body and the plan made of it.
BODIES = 5.0
