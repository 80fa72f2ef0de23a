"""What a voice is sent of a page of Markdown."""

from __future__ import annotations

import re

from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.gateway.test_converse import converse, receipt_of
from speech.tests.text.test_markdown import PAGE, SPOKEN
from speechsite.tests.support.server import Server


def test_no_mark_reaches_the_voice_and_the_plain_page_hits_for_every_sentence(
    gateway: Server, provider: ScriptedOpenAI
) -> None:
    provider.say(PAGE)
    assert converse(gateway).status == 200
    assert sorted(provider.spoken) == sorted(SPOKEN)
    assert not re.search(r"[`#|~\[\]<>]|\*\*|---", "".join(provider.spoken))

    provider.requests.clear()
    provider.say("\n\n".join(SPOKEN))
    response = converse(gateway, "The same page, plain?")
    assert provider.spoken == []
    assert all(sentence["cached"] for sentence in receipt_of(gateway, response)["sentences"])


def test_a_text_to_be_spoken_keeps_its_marks_unless_it_is_said_to_be_markdown(
    gateway: Server, provider: ScriptedOpenAI
) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}"}
    for path, name in (("/v1/audio/speech", "input"), ("/api/tts/", "text")):
        for more in ({}, {"speakable": True}):
            body = {name: f"Some **bold** of {path}.", **more}
            assert gateway.request("POST", path, json=body, headers=headers).status == 200
    assert provider.spoken == [
        "Some **bold** of /v1/audio/speech.",
        "Some bold of /v1/audio/speech.",
        "Some **bold** of /api/tts/.",
        "Some bold of /api/tts/.",
    ]
