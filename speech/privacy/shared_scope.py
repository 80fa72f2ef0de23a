"""Choice of the scope of a query or utterance: the client's own, or the one shared between clients."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from django.conf import settings

from caching import shared_scope
from caching.embeddings import Passage
from caching.installation import installation_id
from caching.llm.request import HARMLESS_PARAMS, ChatQuery
from caching.policy import Policy
from caching.tts import Utterance
from speech.models import Client
from speech.privacy.personal_text import has_figures, is_shareable

TextT = TypeVar("TextT", Utterance, Passage)


def shared_if_admitted(client: Client, question: ChatQuery, policy: Policy) -> ChatQuery:
    """Return `question` in the shared scope if nothing in it is personal and enough clients ask it, else as it is."""
    if not (_may_share(client, policy) and _says_nothing_personal(question)):
        return question
    shared = replace(question, scope=scope())

    def storable(answer: str) -> bool:
        if has_figures(answer):
            # From now on each client stores its own answer.
            shared_scope.block(shared.key)
            return False
        return True

    [admitted] = shared_scope.admitted([shared.key], client.holder)
    return replace(shared, storable=storable, word_for_word=True) if admitted else question


def all_shared_if_admitted(client: Client, texts: list[TextT], policy: Policy) -> list[TextT]:
    """Return the same for texts to speak or to embed, in one round trip."""
    if not _may_share(client, policy):
        return texts
    shared = {position: replace(text, scope=scope()) for position, text in enumerate(texts) if is_shareable(text.text)}
    if not shared:
        return texts
    admitted = shared_scope.admitted([text.key for text in shared.values()], client.holder)
    for position, is_admitted in zip(list(shared), admitted, strict=True):
        if not is_admitted:
            del shared[position]
    return [shared.get(position, own) for position, own in enumerate(texts)]


def scope() -> str:
    """Return the scope that clients of this installation share."""
    return f"shared:{installation_id()}"


def _may_share(client: Client, policy: Policy) -> bool:
    # `only-if-cached` would reveal whether another client has asked the same.
    return client.shared_scope and policy.write and not (policy.only_if_cached and settings.HIDE_CACHE_STATUS)


def _says_nothing_personal(question: ChatQuery) -> bool:
    return set(question.params) <= HARMLESS_PARAMS and all(
        set(message) == {"role", "content"} and isinstance(message["content"], str) and is_shareable(message["content"])
        for message in question.messages
    )
