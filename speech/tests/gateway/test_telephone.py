"""A telephone line: 8 kHz mu-law straight from the gateway into Twilio's media messages, as Pipecat reads them."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

import numpy as np

from speech.audio.g711 import MULAW, encode
from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.loopback.answers import tone
from speechsite.tests.support.optional import Optional
from speechsite.tests.support.server import Server

REASON = "Pipecat is in requirements-clients.txt"
twilio = Optional("pipecat.serializers.twilio", REASON)
frames = Optional("pipecat.frames.frames", REASON)

TEXT = "Your order will arrive on Monday."
FRAME_BYTES = 160  # 20 ms
FIRST_AUDIO_SECONDS = 0.01


def said(gateway: Server) -> tuple[bytes, float, str]:
    """The bytes, the seconds until the first of them, and whether they were cached."""
    body = {"input": TEXT, "voice": "alloy", "response_format": "mulaw"}
    started = time.perf_counter()
    response = gateway.request("POST", "/v1/audio/speech", json=body, preload_content=False)
    first = response.read(FRAME_BYTES)
    seconds = time.perf_counter() - started
    assert (response.status, response.headers["Content-Type"]) == (200, "audio/PCMU;rate=8000")
    return first + response.read(), seconds, response.headers["X-Cache"]


async def heard(sound: bytes) -> bytes:
    """PCM that Pipecat's serializer makes of the messages of a call."""
    parameters = twilio.TwilioFrameSerializer.InputParams(auto_hang_up=False)
    serializer = twilio.TwilioFrameSerializer(stream_sid="stream", params=parameters)
    await serializer.setup(frames.StartFrame(audio_in_sample_rate=8_000, audio_out_sample_rate=8_000))
    pcm = b""
    for at in range(0, len(sound), FRAME_BYTES):
        payload = base64.b64encode(sound[at : at + FRAME_BYTES]).decode()
        frame: Any = await serializer.deserialize(json.dumps({"event": "media", "media": {"payload": payload}}))
        assert (frame.sample_rate, frame.num_channels) == (8_000, 1)
        pcm += frame.audio
    return pcm


def test_a_call_hears_the_gateway_s_bytes_as_they_are(gateway: Server, provider: ScriptedOpenAI) -> None:
    miss, _, was_miss = said(gateway)
    hits = [said(gateway) for _ in range(30)]
    assert (was_miss, {cached for _, _, cached in hits}) == ("MISS", {"HIT"})
    assert {sound for sound, _, _ in hits} == {miss}
    assert len(provider.requests) == 1
    # The least disturbed of them: other tests run beside this one.
    assert min(seconds for _, seconds, _ in hits) < FIRST_AUDIO_SECONDS

    pcm = asyncio.run(heard(miss))
    samples = np.frombuffer(pcm, "<i2").astype(float)
    assert len(samples) == len(miss) == len(tone(TEXT, 8_000)) // 2
    assert encode(pcm, MULAW) == miss, "nothing was converted on the way"
    loudest = np.abs(np.fft.rfft(samples)).argmax() * 8_000 / len(samples)
    wanted = np.abs(np.fft.rfft(np.frombuffer(tone(TEXT, 8_000), "<i2"))).argmax() * 8_000 / len(samples)
    assert abs(loudest - wanted) < 5
