from __future__ import annotations

from speech.audio.formats._ffmpeg import AVCodec


class Codec(AVCodec):
    content_type = "audio/flac"
    ffmpeg_codec = "flac"
    container = "flac"
