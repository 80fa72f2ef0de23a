"""What people say of answers that came from another question."""

from __future__ import annotations

from caching.entries import inspection
from caching.models import Call, Verdict


def judge(hit: Call, verdict: Verdict) -> int:
    """Keep the verdict; an answer that was wrong is removed, for everybody. How many entries were removed."""
    hit.verdict = verdict
    hit.save(update_fields=["verdict"])
    return inspection.remove([hit.key]) if verdict == Verdict.WRONG else 0
