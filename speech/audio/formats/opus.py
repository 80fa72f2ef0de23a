from __future__ import annotations

from speech.audio.formats._ffmpeg import AVCodec


class Codec(AVCodec):
    content_type = "audio/ogg"
    ffmpeg_codec = "libopus"
    container = "ogg"
    default_bitrate = 32_000
