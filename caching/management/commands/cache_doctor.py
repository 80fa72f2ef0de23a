from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.core.checks.messages import ERROR
from django.core.management.base import BaseCommand, CommandError

from caching import checks
from caching.redis.doctor import examine_redis


class Command(BaseCommand):
    help = "Find out why Redis cannot be used, and what else is missing: database, prices, keys of providers."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        errors = 0
        for finding in examine_redis(settings.REDIS_URL, settings.SEMANTIC_INDEX):
            self._show(finding.status, finding.step, finding.message, finding.remedy)
            errors += finding.status == "error"
        for problem in run_checks(tags=[checks.TAG], include_deployment_checks=True):
            errors += self._show_problem(problem)
        if errors:
            raise CommandError(f"{errors} {'error' if errors == 1 else 'errors'}")
        self.stdout.write(self.style.SUCCESS("Everything that requests need is there."))

    def _show_problem(self, problem: CheckMessage) -> bool:
        is_error = problem.level >= ERROR
        step, _, message = str(problem.msg).partition(": ")
        self._show("error" if is_error else "warning", step, message, problem.hint or "")
        return is_error

    def _show(self, status: str, step: str, message: str, remedy: str) -> None:
        style = {"ok": self.style.SUCCESS, "warning": self.style.WARNING, "error": self.style.ERROR}[status]
        self.stdout.write(f"{style(f'{status:7}')} {step:10} {message}")
        if remedy:
            self.stdout.write(f"{'':18} {remedy}.")
