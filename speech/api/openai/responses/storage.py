"""Responses kept for their client: continued, retrieved, deleted."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from caching.background import PeriodicWorker
from caching.database import DatabaseUnavailable, call
from speech.api.openai.responses.messages import Item, kind_of
from speech.api.openai.responses.response import Response
from speech.exceptions import InvalidRequest
from speech.models import Client, StoredResponse
from speech.models.stored_response import TOKEN_CHARACTERS, token_of
from speech.routing.cache_query import end_user_of

logger = logging.getLogger(__name__)

PRUNE_SECONDS = 600.0
# Native responses searched for an item that is referred to: clients refer to those of the conversation at hand.
RECENT = 50
_ITEM_ID = re.compile(rf"[a-z]+_([0-9a-f]{{{TOKEN_CHARACTERS}}})[0-9a-f]+")


class ResponseNotFound(InvalidRequest):
    """Also for the id of another client's response, so that ids cannot be probed."""

    status = 404
    code = "response_not_found"


class PreviousResponseNotFound(InvalidRequest):
    code = "previous_response_not_found"


@dataclass(frozen=True, slots=True)
class Owner:
    """The client that may read a stored response, and its end user where end users are kept apart, else ""."""

    client: Client
    end_user: str

    @classmethod
    def named_in(cls, fields: Mapping[str, Any], client: Client) -> Owner:
        """Return the owner that a request names. `fields`: its body or its query."""
        return cls(client, end_user_of(client, fields))

    def may_read(self, stored: StoredResponse) -> bool:
        return end_user_of(self.client, stored.body) == self.end_user


@dataclass(frozen=True, slots=True)
class Conversation:
    """The input of a request with everything that it refers to."""

    own: Sequence[Item]
    earlier: Sequence[Item] = field(default_factory=list)
    upstream: dict[str, str] | None = None

    @property
    def items(self) -> list[Item]:
        return [*self.earlier, *self.own]


def conversation_of(owner: Owner, continues: str, items: Sequence[Item]) -> Conversation:
    """Return the input with the earlier turns and the items it refers to.

    Raises ResponseNotFound and PreviousResponseNotFound.
    """
    own = _resolved(owner, items)
    if not continues:
        return Conversation(own)
    before = _find(owner, continues)
    if before is None:
        message = f"Previous response with id '{continues[:100]}' not found."
        raise PreviousResponseNotFound(message, param="previous_response_id")
    return Conversation(own, before.conversation, before.upstream)


def find(owner: Owner, id: str) -> StoredResponse:
    """Return a stored response. Raises ResponseNotFound."""
    found = _find(owner, id)
    if found is None:
        raise ResponseNotFound(f"Response with id '{id[:100]}' not found.")
    return found


def keep(
    client: Client, response: Response, conversation: Conversation, upstream: dict[str, str] | None = None
) -> Response:
    """Store a response and return it. Without a database it is returned with `store` false."""
    _pruning.start()
    try:
        call(
            lambda: StoredResponse.objects.keep(
                client,
                response["id"],
                body=response,
                input=conversation.own,
                earlier=conversation.earlier,
                upstream=upstream,
            )
        )
    except DatabaseUnavailable as error:
        logger.warning("A response could not be stored: %s", error)
        return {**response, "store": False}
    return response


def _find(owner: Owner, id: str) -> StoredResponse | None:
    found = call(StoredResponse.objects.of(owner.client, [token_of(id)]).first)
    return found if found and owner.may_read(found) else None


def _resolved(owner: Owner, items: Sequence[Item]) -> list[Item]:
    """Return `items` with the stored ones in place of references to them."""
    wanted = {item["id"] for item in items if kind_of(item) == "item_reference" and isinstance(item.get("id"), str)}
    if not wanted:
        return list(items)
    stored = _stored_items(owner, wanted)
    if wanted - stored.keys():
        stored |= _native_items(owner)
    return [_referred(item, stored) if kind_of(item) == "item_reference" else item for item in items]


def _referred(item: Item, stored: dict[str, Item]) -> Item:
    found = stored.get(str(item.get("id")))
    if found is None:
        raise ResponseNotFound(f"Item with id '{str(item.get('id'))[:100]}' not found.", param="input")
    return found


def _stored_items(owner: Owner, ids: Iterable[str]) -> dict[str, Item]:
    tokens = {match[1] for id in ids if (match := _ITEM_ID.fullmatch(id))}
    return _output_items(owner, StoredResponse.objects.of(owner.client, tokens))


def _native_items(owner: Owner) -> dict[str, Item]:
    """Return the items of recent responses that a provider made as such; their ids are the provider's."""
    native = StoredResponse.objects.fresh(owner.client).filter(upstream__isnull=False).order_by("-expires")
    return _output_items(owner, native[:RECENT])


def _output_items(owner: Owner, responses: QuerySet[StoredResponse]) -> dict[str, Item]:
    stored = call(lambda: list(responses))
    return {item["id"]: item for each in stored if owner.may_read(each) for item in each.body["output"] if "id" in item}


def _prune() -> None:
    StoredResponse.objects.prune()


_pruning = PeriodicWorker("stored-responses", _prune, PRUNE_SECONDS)
