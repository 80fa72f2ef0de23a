"""Plan for speaking a text: by whom, under which cache rule, and under which keys.

A repeated text is neither prepared nor cut and hashed again.
"""

from __future__ import annotations

from dataclasses import dataclass

from caching.policy import Policy
from caching.rules.engine import apply_to_speech
from speech.models import Client
from speech.providers.base import SpeechRequest
from speech.routing.fallback import Candidate, Candidates, candidates_for_speech, first_for_speech
from speech.synthesis.voice import Speaker


@dataclass(frozen=True, slots=True)
class SpeechPlan:
    client: Client
    request: SpeechRequest
    policy: Policy
    """As the client asks for it, restricted to what it may store."""
    first: Candidate[SpeechRequest]
    speaker: Speaker
    """For the first candidate. `speaker_for` copies it for each request."""

    @property
    def may_store(self) -> bool:
        return self.speaker.policy.write

    def candidates(self) -> Candidates[SpeechRequest]:
        return candidates_for_speech(self.first, self.request, self.client.model_access)

    def speaker_for(self, candidate: Candidate[SpeechRequest]) -> Speaker:
        """Return the speaker of one request."""
        if candidate is self.first:
            return self.speaker.for_request()
        return speaker_of(self.client, candidate, self.policy)


def plan_speech(client: Client, request: SpeechRequest, policy: Policy, provider: str = "") -> SpeechPlan:
    """Raises InvalidRequest if the provider does not exist, or cannot or must not speak."""
    policy = client.tightened(policy)
    first = first_for_speech(request, provider, client.model_access)
    return SpeechPlan(client, request, policy, first, speaker_of(client, first, policy))


def speaker_of(client: Client, candidate: Candidate[SpeechRequest], policy: Policy) -> Speaker:
    """Return a speaker under the cache rule that applies."""
    policy = apply_to_speech(policy, client.name, candidate.provider.name, candidate.request)
    return Speaker(client=client, provider=candidate.provider, request=candidate.request, policy=policy)
