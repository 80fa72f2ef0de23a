"""The permission that a page of staff demands, and what a 403 says of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]
# Of Django's pages of a model, by the last word of their names.
_READING = ("changelist", "change", "history")


def required(permission: str) -> Callable[[View], View]:
    """Decorate a view. Its PermissionDenied has the permission as its text, unlike that of Django's decorator."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        return checked

    return decorate


def missing(request: HttpRequest, denied: PermissionDenied) -> str:
    """Return a sentence that names the permission and the groups that have it, or "" if it is not known which."""
    label, _, codename = (str(denied) or _of_model_page(request)).partition(".")
    if not codename:
        return ""
    permission = Permission.objects.filter(content_type__app_label=label, codename=codename).first()
    if permission is None:
        return ""
    groups = list(Group.objects.filter(permissions=permission).order_by("name").values_list("name", flat=True))
    held = f" Groups that have it: {', '.join(groups)}." if groups else ""
    return f"Your account lacks the permission “{permission.name}”.{held}"


def _of_model_page(request: HttpRequest) -> str:
    """Return the permission of a page of Django's admin, whose name is such as `caching_price_changelist`, else ""."""
    name = (request.resolver_match and request.resolver_match.url_name) or ""
    if name.count("_") != 2:
        return ""
    label, model, action = name.split("_")
    if action in _READING:
        action = "change" if request.method == "POST" and action == "change" else "view"
    return f"{label}.{action}_{model}"
