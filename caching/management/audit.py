"""The audit of the command line: the actor is the user of the operating system."""

from __future__ import annotations

import os
import pwd
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from caching.models import AuditEntry, EntryHits
from caching.models.audit import AuditAction

SUFFIX = "@command-line"


def record(command: str, action: AuditAction, message: str, *, client: str = "", about: Model | None = None) -> None:
    """Record what a command did to the entries of `client`, or else to the object that it is `about`.

    `message` must hold no text of a client.
    """
    subject: dict[str, Any] = {
        "content_type": ContentType.objects.get_for_model(about or EntryHits),
        "object_id": about.pk if about else client,
        "object_repr": str(about)[:200] if about else f"manage.py {command}",
    }
    message = f"manage.py {command}: {message}" if about else message
    AuditEntry.objects.create(user=_actor(), action_flag=action, change_message=message, **subject)


def _actor() -> Any:
    """Return an account that cannot log in, named like `root@command-line`."""
    model: Any = get_user_model()
    name = {model.USERNAME_FIELD: f"{_system_user()}{SUFFIX}"}
    return model.objects.get_or_create(**name, defaults={"is_active": False, "password": make_password(None)})[0]


def _system_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # Containers run as users that have no name.
        return str(os.getuid())
