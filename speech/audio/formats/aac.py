from __future__ import annotations

from speech.audio.formats._ffmpeg import AVCodec


class Codec(AVCodec):
    content_type = "audio/aac"
    ffmpeg_codec = "aac"
    container = "adts"
    default_bitrate = 64_000
