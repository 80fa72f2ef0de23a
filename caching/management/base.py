"""Base of the commands of the gateway."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from caching.checks import TAG


class GatewayCommand(BaseCommand):
    """Check the settings of the gateway only: Django's checks import every view, which takes half of the start."""

    requires_system_checks = [TAG]
