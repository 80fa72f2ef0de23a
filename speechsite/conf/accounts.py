"""Django's settings for staff accounts."""

from __future__ import annotations

_VALIDATION = "django.contrib.auth.password_validation"

PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]
# A working day.
SESSION_SECONDS = 12 * 3600
