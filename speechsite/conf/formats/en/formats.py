"""Dates and times of the admin as on the dashboard: 29 Nov 2026 23:05."""

from __future__ import annotations

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y H:i"
