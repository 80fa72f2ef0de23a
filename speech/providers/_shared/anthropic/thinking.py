"""OpenAI's `reasoning_effort` for Claude: newer models decide by an effort how much to think, older ones get a budget.

https://platform.claude.com/docs/build-with-claude/adaptive-thinking (read in November 2026)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from speech.exceptions import InvalidRequest, ProviderRejected, UnsupportedFeature
from speech.providers._shared.http import ProviderRequest, post
from speech.providers._shared.http_response import Reply

_LEAST_BUDGET = 1_024  # by the API reference
# Tokens of thinking: a budget, or room in the limit of the answer, in which the API counts it.
_TOKENS = {"minimal": _LEAST_BUDGET, "low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 32_768, "max": 32_768}
# Efforts that no budget stands for.
_NO_BUDGET = ("xhigh", "max")
_OF_THINKING = re.compile("thinking|effort|output_config", re.IGNORECASE)
_MAX_SERVICES = 1000  # models are named by clients
# Addresses and models that want a budget, for as long as this process lives.
_budgeted: set[tuple[str, str]] = set()

# Returns the request for a model that wants a budget, or for one that does not.
Request = Callable[[bool], ProviderRequest]


def effort_of(params: Mapping[str, Any]) -> Any:
    """Return the effort that a request asks for; None where it says itself how to think."""
    return None if "thinking" in params else params.get("reasoning_effort")


def fields(effort: Any, limit: int | None, max_tokens: int, *, budgeted: bool, forced: bool = False) -> dict[str, Any]:
    """Return the fields of a body for an effort; `limit` is that of the request. Raises InvalidRequest.

    `forced`: the model must call a tool, before which the API refuses to think.
    """
    if effort == "none":
        # Newer models think unless they are told not to.
        return {"thinking": {"type": "disabled"}}
    known = [name for name in _TOKENS if not (budgeted and name in _NO_BUDGET)]
    if effort not in known:
        raise UnsupportedFeature(
            f"anthropic does not support reasoning_effort {repr(effort)[:60]}; use one of none, {', '.join(known)}",
            param="reasoning_effort",
        )
    own = {"output_config": {"effort": "low" if effort == "minimal" else effort}}
    if forced:
        return {"thinking": {"type": "disabled"}, **({} if budgeted else own)}
    tokens = _TOKENS[effort]
    room = {"max_tokens": max_tokens + tokens} if limit is None else {}
    if not budgeted:
        # Without `display` newer models keep their thoughts to themselves.
        thinking = {"type": "adaptive", "display": "summarized"}
        return {**room, "thinking": thinking, **own}
    if limit is not None and limit <= _LEAST_BUDGET:
        raise InvalidRequest(
            f"reasoning_effort with this model needs a limit above {_LEAST_BUDGET} tokens", param="reasoning_effort"
        )
    if limit is not None:
        # Half is left for the answer, where that is possible.
        tokens = min(tokens, max(_LEAST_BUDGET, limit // 2))
    return {**room, "thinking": {"type": "enabled", "budget_tokens": tokens}}


@contextmanager
def post_with_thinking(request: Request, *, service: tuple[str, str]) -> Iterator[Reply]:
    """Post a request that asks for an effort: without a budget, unless the service has refused that."""
    with ExitStack() as stack:
        yield _opened(stack, request, service)


def _opened(stack: ExitStack, request: Request, service: tuple[str, str]) -> Reply:
    if service in _budgeted:
        return stack.enter_context(post(request(True)))
    try:
        return stack.enter_context(post(request(False)))
    except ProviderRejected as refusal:
        if refusal.status != 400 or not _OF_THINKING.search(refusal.message):
            raise
        try:
            reply = stack.enter_context(post(request(True)))
        except ProviderRejected as second:
            # A model that wants the adaptive form has said before what is wrong, another one says it now.
            raise (refusal if "adaptive" in second.message else second) from None
    if len(_budgeted) >= _MAX_SERVICES:
        _budgeted.clear()
    _budgeted.add(service)
    return reply
