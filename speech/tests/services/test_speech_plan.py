from __future__ import annotations

from typing import Any

from caching.policy import Policy
from speech.providers.base import SpeechRequest
from speech.services.speech_plan import SpeechPlan, plan_speech

REQUEST = SpeechRequest("The train leaves at nine. It is late.", language="en")


def keys(plan: SpeechPlan) -> list[str]:
    speaker = plan.speaker_for(plan.first)
    return [*(each.key for each in speaker.utterances(speaker.texts)), speaker.whole("mp3").key]


def test_each_request_has_a_speaker_of_its_own_with_the_same_keys(clients: Any) -> None:
    client, _ = clients("one")
    plan = plan_speech(client, REQUEST, Policy())
    one, other = plan.speaker_for(plan.first), plan.speaker_for(plan.first)
    assert one.stopped is not other.stopped
    assert one.words is not other.words
    assert len(set(keys(plan))) == 3
    assert keys(plan) == keys(plan) == keys(plan_speech(client, REQUEST, Policy()))


def test_the_keys_of_two_clients_differ(clients: Any) -> None:
    one, other = (keys(plan_speech(clients(name)[0], REQUEST, Policy())) for name in ("one", "other"))
    assert not set(one) & set(other)
