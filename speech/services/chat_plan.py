"""Plan for answering a conversation: by whom, under which key, policy and cache rule.

It depends on nothing but the request, its client, settings and the tables of staff. A repeated question is neither
prepared nor hashed again.
"""

from __future__ import annotations

from dataclasses import dataclass

from caching.llm import curated
from caching.llm.request import ChatQuery, text_of
from caching.models import CuratedAnswer
from caching.policy import Policy
from caching.rules.engine import apply_to_answer
from speech.models import Client
from speech.providers.base import ChatRequest
from speech.routing.cache_query import own_question, question_of, shared_question
from speech.routing.fallback import Candidate, Candidates, candidates_for_chat, first_for_chat


@dataclass(frozen=True, slots=True)
class ChatPlan:
    client: Client
    request: ChatRequest
    policy: Policy
    """As the client asks for it, restricted to what it may store."""
    text: str
    first: Candidate[ChatRequest]
    question: ChatQuery
    """For the first candidate, in the scope of this client alone."""
    ruled: Policy
    """The policy under the cache rule that applies to `question`."""
    curated: CuratedAnswer | None
    """The answer that staff wrote for this question."""

    @property
    def may_store(self) -> bool:
        return self.ruled.write

    def candidates(self) -> Candidates[ChatRequest]:
        return candidates_for_chat(self.first, self.request, self.client.model_access)

    def question_for(self, candidate: Candidate[ChatRequest]) -> tuple[ChatQuery, Policy]:
        """Return the question, shared with other clients if it may be, and the policy under its cache rule."""
        if candidate is not self.first:
            return question_of(self.client, candidate, self.policy)
        return shared_question(self.client, self.question, self.ruled), self.ruled


def plan_chat(client: Client, request: ChatRequest, policy: Policy, provider: str = "") -> ChatPlan:
    """Raises InvalidRequest if the provider does not exist, or cannot or must not answer."""
    policy = client.tightened(policy)
    first = first_for_chat(request, provider, client.model_access)
    question = own_question(client, first)
    return ChatPlan(
        client=client,
        request=request,
        policy=policy,
        text=text_of(request.messages[-1]) if request.messages else "",
        first=first,
        question=question,
        ruled=apply_to_answer(policy, question),
        curated=curated.find(question, policy, shares=client.shared_scope),
    )
