from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.core.checks.messages import ERROR
from django.core.management.base import BaseCommand, CommandError

from caching import checks
from caching.redis.doctor import examine_redis


class Command(BaseCommand):
    help = "Check Redis, the database, prices and provider keys, and say how to fix what is wrong."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        errors = warnings = 0
        for finding in examine_redis(settings.REDIS_URL, settings.SEMANTIC_INDEX):
            self._show(finding.status, finding.step, finding.message, finding.remedy)
            errors += finding.status == "error"
            warnings += finding.status == "warning"
        for problem in run_checks(tags=[checks.TAG], include_deployment_checks=True):
            is_error = self._show_problem(problem)
            errors += is_error
            warnings += not is_error
        if errors:
            raise CommandError(f"{errors} {'error' if errors == 1 else 'errors'}")
        if warnings:
            self.stdout.write(f"No errors, {warnings} {'warning' if warnings == 1 else 'warnings'}.")
        else:
            self.stdout.write(self.style.SUCCESS("All checks passed."))

    def _show_problem(self, problem: CheckMessage) -> bool:
        is_error = problem.level >= ERROR
        step, _, message = str(problem.msg).partition(": ")
        self._show("error" if is_error else "warning", step, message, problem.hint or "")
        return is_error

    def _show(self, status: str, step: str, message: str, remedy: str) -> None:
        style = {"ok": self.style.SUCCESS, "warning": self.style.WARNING, "error": self.style.ERROR}[status]
        self.stdout.write(f"{style(f'{status:7}')} {step:10} {message}")
        if remedy:
            self.stdout.write(f"{'':18} {remedy.rstrip('.')}.")
