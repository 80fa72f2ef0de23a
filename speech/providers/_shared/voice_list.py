"""The voices that a provider's account has, as the provider lists them, remembered for an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from django.core.signals import setting_changed

from speech.exceptions import GatewayError
from speech.providers.base import BaseProvider

REMEMBERED_SECONDS = 3600
# Pause after the list could not be read.
REMEMBERED_FAILURE_SECONDS = 30

_lists: dict[str, tuple[float, Mapping[str, str]]] = {}
_lock = threading.Lock()


def ids_by_name(provider: BaseProvider, ask: Callable[[], Mapping[str, str]]) -> dict[str, str]:
    """Return the id of each voice by its name without regard to capitals; none where the provider does not say."""
    with _lock:
        until, voices = _lists.get(provider.name, (0.0, {}))
        if time.monotonic() >= until:
            try:
                voices, seconds = ask(), REMEMBERED_SECONDS
            except GatewayError:
                seconds = REMEMBERED_FAILURE_SECONDS
            _lists[provider.name] = time.monotonic() + seconds, voices
    return {name.casefold(): id for name, id in voices.items()}


def _forget(**kwargs: object) -> None:
    _lists.clear()


setting_changed.connect(_forget)
