"""`with_voice_sdks.py CALL URL`: make one call with an engine's SDK and print what the SDK read."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any

CALL, URL = sys.argv[1:]
KEY, TEXT = "loopback-secret", "Good morning, नमस्ते."
VOICE = {"mode": "id", "id": "694f9389-aac1-45b6-b726-9d9369183238"}
FORM = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000}


def digest(sound: bytes) -> str:
    return hashlib.sha256(sound).hexdigest()


def deepgram() -> Any:
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    return DeepgramClient(
        api_key=KEY, environment=DeepgramClientEnvironment(base=URL, production=URL, agent=URL, agent_rest=URL)
    )


def deepgram_speech() -> Any:
    sound = deepgram().speak.v1.audio.generate(
        text=TEXT, model="aura-2-thalia-en", encoding="linear16", container="none", sample_rate=24_000, speed=1.25
    )
    return digest(b"".join(sound))


def deepgram_transcription() -> Any:
    heard = deepgram().listen.v1.media.transcribe_file(
        request=b"RIFF", model="nova-3", smart_format=True, detect_language=True, utterances=True
    )
    channel = heard.results.channels[0]
    said = heard.results.utterances[0]
    return [channel.alternatives[0].transcript, heard.metadata.duration, [said.start, said.end], words_of(channel)]


def words_of(channel: Any) -> Any:
    return [[word.word, word.start, word.end] for word in channel.alternatives[0].words]


def cartesia(**more: Any) -> Any:
    from cartesia import Cartesia

    speech = Cartesia(api_key=KEY, base_url=URL, max_retries=0).tts
    send = speech.generate_sse if more else speech.generate
    return send(
        model_id="sonic-3.5",
        transcript=TEXT,
        voice=VOICE,
        output_format=FORM,
        language="en",
        generation_config={"speed": 1.25},
        **more,
    )


def cartesia_speech() -> Any:
    return digest(cartesia().read())


def cartesia_word_times() -> Any:
    sound, words = b"", []
    for event in cartesia(add_timestamps=True):
        if event.type == "chunk":
            sound += event.audio
        elif event.type == "timestamps":
            times = event.word_timestamps
            words += zip(times.words, times.start, times.end, strict=True)
    return [digest(sound), words]


def cartesia_voices() -> Any:
    from cartesia import Cartesia

    voices = Cartesia(api_key=KEY, base_url=URL, max_retries=0).voices.list(limit=100)
    return [[voice.id, voice.name] for voice in voices]


def google_speech() -> Any:
    from google.auth.api_key import Credentials
    from google.cloud import texttospeech
    from google.cloud.texttospeech_v1.services.text_to_speech.transports import TextToSpeechRestTransport

    transport = TextToSpeechRestTransport(host=URL, url_scheme="http", credentials=Credentials(KEY))
    answer = texttospeech.TextToSpeechClient(transport=transport).synthesize_speech(
        input=texttospeech.SynthesisInput(text=TEXT),
        voice=texttospeech.VoiceSelectionParams(language_code="en-US", name="en-US-Chirp3-HD-Kore"),
        audio_config=texttospeech.AudioConfig(
            audio_encoding=texttospeech.AudioEncoding.LINEAR16, sample_rate_hertz=24_000, speaking_rate=1.25
        ),
    )
    return digest(answer.audio_content[44:])


def azure_speech() -> Any:
    """The SDK speaks over a WebSocket: what it sends is compared, and nothing answers it."""
    import azure.cognitiveservices.speech as azure

    config = azure.SpeechConfig(subscription=KEY, endpoint=URL.replace("http", "ws"))
    config.set_speech_synthesis_output_format(azure.SpeechSynthesisOutputFormat.Raw24Khz16BitMonoPcm)
    config.speech_synthesis_voice_name = "en-US-AvaMultilingualNeural"
    speaker = azure.SpeechSynthesizer(speech_config=config, audio_config=None)
    return str(speaker.speak_text_async("Fish & <chips>").get().reason)


sys.stdout.write(json.dumps(globals()[CALL]()) + "\n")
sys.stdout.flush()
# Azure's native library may hang in its destructors once its server has gone.
os._exit(0)
