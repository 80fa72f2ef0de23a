"""Parse and check the values of environment variables, which settings.py reads."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from caching import numbers

_SECRET_FILE = re.compile(
    r"(SECRET_KEY|DATABASE_URL|REDIS_URL|EMAIL_URL|ALERT_WEBHOOK_URL|OIDC_CLIENT_SECRET|\w+_API_KEY)_FILE"
)
# ${NAME} of shells and Docker Compose, $(NAME) of Kubernetes.
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_]\w{2,}(:?[-?+][^}]*)?\}|\$\([A-Z_][A-Z0-9_]{2,}\)")
# A thousand years: a date that far in the past still exists.
MOST_DAYS = 365_000


def file(named: str | None, default: Path) -> str:
    """Return the text of the file of variables. Only the one that ENV_FILE does not name may be missing.

    Raise ImproperlyConfigured if it cannot be read: without it the gateway would use defaults, another database too.
    """
    try:
        return Path(named or default).read_text(encoding="utf-8-sig") if named or default.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        what = "ENV_FILE must name" if named else f"{default} must be"
        raise ImproperlyConfigured(f"{what} a readable file in UTF-8: {error}") from error


def with_secrets_from_files(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Add the content of the file that NAME_FILE names as NAME, for secrets of Docker and Kubernetes."""
    found = dict(values)
    for variable, path in values.items():
        match = _SECRET_FILE.fullmatch(variable)
        if not match or not path:
            continue
        if values.get(match[1]):
            raise ImproperlyConfigured(f"{variable} must not be set beside {match[1]}")
        try:
            found[match[1]] = Path(path).read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{variable} must name a readable file: {error}") from error
        if not found[match[1]]:
            raise ImproperlyConfigured(f"{variable} must name a file with a secret: {path} is empty")
    return found


def unreplaced(values: Mapping[str, str | None]) -> dict[str, str]:
    """Return, by variable, what in its value another program would have replaced or taken away."""
    found: dict[str, str] = {}
    for name, value in values.items():
        text = (value or "").strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            found[name] = "quotation marks"
        elif _PLACEHOLDER.search(text):
            found[name] = "${…}"
    return found


class EnvReader:
    """Typed values by variable name. Raises ImproperlyConfigured, naming the variable, for a value that is invalid."""

    def __init__(self, values: Mapping[str, str | None]) -> None:
        self._values = values
        # Names of the variables that were read.
        self.names: set[str] = set()

    def proxy(self, name: str) -> str:
        """Return the value of a variable that some programs write in capitals and others in small letters."""
        return self.text(name) or self.text(name.lower())

    def text(self, name: str, default: str = "") -> str:
        self.names.add(name)
        return (self._values.get(name) or "").strip() or default

    def switch(self, name: str, default: bool = False) -> bool:
        value = self.text(name).lower()
        if value in ("", "0", "1", "false", "true"):
            return value in ("1", "true") if value else default
        raise ImproperlyConfigured(f"{name} must be 0, 1, true or false, not {value!r}")

    def whole_number(self, name: str, default: int, *, least: int = 0, most: int = numbers.MOST) -> int:
        value = self.text(name, str(default))
        number = numbers.whole(value, least, most)
        if number is None:
            raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, not {value[:40]!r}")
        return number

    def choice(self, name: str, default: str, choices: Collection[str]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def items(self, name: str, default: str = "") -> list[str]:
        """Return the comma-separated items of a value."""
        return [item.strip() for item in self.text(name, default).split(",") if item.strip()]


def rates(name: str, text: str) -> dict[str, Decimal]:
    """Parse `INR=83,EUR=0.92`: units of each currency per US dollar."""
    try:
        pairs = [pair.split("=") for pair in text.split(",") if pair.strip()]
        found = {code.strip(): Decimal(rate.strip()) for code, rate in pairs}
    except (ValueError, InvalidOperation) as error:
        raise ImproperlyConfigured(f"{name} must look like INR=83,EUR=0.92, not {text!r}") from error
    if not all(rate.is_finite() and 0 < rate < numbers.MOST for rate in found.values()):
        raise ImproperlyConfigured(f"{name} must hold positive rates only, not {text!r}")
    if not all(re.fullmatch("[A-Z]{3}", code) for code in found) or found.get("USD", 1) != 1:
        raise ImproperlyConfigured(f"{name} must hold codes such as INR, for one US dollar, not {text!r}")
    return {"USD": Decimal(1), **found}


def provider_instances(
    name: str, items: list[str], adapters: Collection[str], levels: Collection[str]
) -> dict[str, str]:
    """Parse `groq:openai,eu:azure`: the adapter of each further provider, by the provider's name."""
    found: dict[str, str] = {}
    for item in items:
        instance, _, adapter = item.partition(":")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", instance) or adapter not in adapters:
            known = ", ".join(adapters)
            raise ImproperlyConfigured(f"{name} must look like groq:openai, with an adapter of {known}, not {item!r}")
        if instance in levels:
            # As a `model`, the level would hide the provider.
            raise ImproperlyConfigured(f"{name} names {instance!r}, which is an optimization level")
        if instance in adapters or instance in found:
            raise ImproperlyConfigured(f"{name} names {instance!r}, which exists already")
        found[instance] = adapter
    return found


def provider_settings(values: Mapping[str, str | None], name: str) -> dict[str, str]:
    """Return the variables of one provider without their prefix: ACME_API_KEY is the API_KEY of `acme`."""
    prefix = f"{name.upper().replace('-', '_')}_"
    return {
        key.removeprefix(prefix): value.strip() for key, value in values.items() if key.startswith(prefix) and value
    }


def share(name: str, text: str) -> float:
    """Parse a number from 0 to 1, such as `0.02`."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise ImproperlyConfigured(f"{name} must be a number from 0 to 1, not {text!r}")
    return found


def origins(name: str, items: list[str]) -> list[str]:
    """Check origins as browsers send them, such as `https://app.example.com:8443`, `null` and `file://`."""
    for item in items:
        if not re.fullmatch(r"null|file://|[a-z][a-z0-9+.-]*://[^/?#\s]+", item):
            example = "https://app.example.com, with the scheme and without a path"
            raise ImproperlyConfigured(f"{name} must list origins such as {example}, not {item!r}")
    return items


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(name: str, items: list[str]) -> list[Network]:
    """Parse addresses and networks, such as `10.0.0.0/8` and `::1`."""
    try:
        return [ipaddress.ip_network(item) for item in items]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must list addresses or networks, such as 10.0.0.0/8: {error}") from error


def host(name: str, text: str) -> str:
    """Check the address to listen on: an IP address, or a name, which has a letter."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not re.fullmatch(r"[\w.-]*[A-Za-z][\w.-]*", text):
            raise ImproperlyConfigured(f"{name} must be an address such as 127.0.0.1, not {text!r}") from None
    return text


def archive(name: str, text: str) -> str:
    if "://" in text and not re.match(r"s3://[^/\s]+", text):
        raise ImproperlyConfigured(f"{name} must be a folder, or like s3://bucket/prefix, not {text!r}")
    return text


def web_address(name: str, text: str) -> str:
    if text and not re.match(r"https?://[^/\s]+", text):
        # Not the value: it may hold a secret.
        raise ImproperlyConfigured(f"{name} must begin with https:// or http://")
    return text
