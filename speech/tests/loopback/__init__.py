"""Servers on 127.0.0.1 that speak each provider's wire format, faults included."""

from speech.tests.loopback.answers import Answer, Seen
from speech.tests.loopback.elevenlabs import FakeElevenLabs
from speech.tests.loopback.handler import FAULTS
from speech.tests.loopback.openai import FakeOpenAI
from speech.tests.loopback.sarvam import FakeSarvam
from speech.tests.loopback.server import Loopback

__all__ = ["FAULTS", "Answer", "FakeElevenLabs", "FakeOpenAI", "FakeSarvam", "Loopback", "Seen"]
