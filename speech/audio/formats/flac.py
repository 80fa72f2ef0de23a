from __future__ import annotations

from speech.audio.av_codec import AVCodec


class Codec(AVCodec):
    content_type = "audio/flac"
    ffmpeg_codec = "flac"
    container = "flac"
