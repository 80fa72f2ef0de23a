"""Settings of django-unfold, the theme of the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

TITLE = "Speech gateway"


def _link(title: str, icon: str, name: str, permission: str = "") -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "permission": lambda request: not permission or request.user.has_perm(permission),
    }


def _is_reviews_page(request: HttpRequest) -> bool:
    return request.path.startswith((reverse("reviews"), reverse("admin:caching_judgement_changelist")))


def _styles(request: HttpRequest) -> str:
    return static("caching/pages.css")


def _admin_styles(request: HttpRequest) -> str:
    return static("caching/admin.css")


def _icon(request: HttpRequest) -> str:
    return static("caching/favicon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": TITLE,
    "SITE_HEADER": TITLE,
    "SITE_SYMBOL": "graphic_eq",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "speechsite.conf.dashboard_callback.context",
    "STYLES": [_styles, _admin_styles],
    "SIDEBAR": {
        "navigation": [
            {
                "title": "Cache",
                "items": [
                    _link("Dashboard", "monitoring", "admin:index"),
                    _link("Requests", "bolt", "requests", "caching.view_hourlyusage"),
                    _link("Reviews", "gavel", "reviews", "caching.view_texts") | {"active": _is_reviews_page},
                    _link("Keys", "key", "keys", "caching.view_texts"),
                    _link(
                        "Curated answers",
                        "reviews",
                        "admin:caching_curatedanswer_changelist",
                        "caching.view_curatedanswer",
                    ),
                    _link("Cache rules", "rule", "admin:caching_cacherule_changelist", "caching.view_cacherule"),
                    _link("Playground", "play_circle", "playground", "speech.use_playground"),
                ],
            },
            {
                "title": "Usage",
                "items": [
                    _link("Calls", "receipt_long", "admin:caching_call_changelist", "caching.view_call"),
                    _link(
                        "Hourly usage", "schedule", "admin:caching_hourlyusage_changelist", "caching.view_hourlyusage"
                    ),
                    _link("Prices", "sell", "admin:caching_price_changelist", "caching.view_price"),
                ],
            },
            {
                "title": "Access",
                "items": [
                    _link("Clients", "smart_toy", "admin:speech_client_changelist", "speech.view_client"),
                    _link("Users", "person", "admin:auth_user_changelist", "auth.view_user"),
                    _link("Groups", "group", "admin:auth_group_changelist", "auth.view_group"),
                    _link("Audit", "history", "admin:caching_auditentry_changelist", "caching.view_auditentry"),
                ],
            },
            {
                "title": "Help",
                "items": [
                    _link("API documentation", "api", "docs"),
                ],
            },
        ],
    },
}
