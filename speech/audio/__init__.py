"""Sound as signed 16-bit little-endian mono PCM: read it, resample it, join it, encode it."""

from __future__ import annotations

from speech.audio.encoder import Encoder, content_type_of
from speech.audio.formats import codecs
from speech.audio.pcm import join
from speech.audio.wav import read_wav, to_wav, wav_header

__all__ = ["Encoder", "codecs", "content_type_of", "join", "read_wav", "to_wav", "wav_header"]
