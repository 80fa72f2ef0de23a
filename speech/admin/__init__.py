"""Clients and their keys in the admin."""

from __future__ import annotations

from speech.admin import clients as clients
from speech.admin import keys as keys
