"""Who looks at the pages."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.test import Client as Browser

# To see the pages of the cache with all that is on them.
READING = ("view_hourlyusage", "view_texts")


def browser_of(name: str, *permissions: str, is_staff: bool = True) -> Browser:
    """A browser in which `name` is logged in, with the named permissions and no others."""
    user = User.objects.create_user(name, is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Browser()
    browser.force_login(user)
    return browser
