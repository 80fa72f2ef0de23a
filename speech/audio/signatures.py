"""Audio files told from raw samples by their first bytes: some servers send mp3 whatever they are asked for."""

from __future__ import annotations

_BEGINNINGS = {b"OggS": "Ogg", b"fLaC": "FLAC", b"RIFF": "a WAV file", b"ID3": "MP3", b"\x1aE\xdf\xa3": "WebM"}
# The second byte of a frame of MP3 or AAC (ISO/IEC 11172-3, 13818-3 and 13818-7), after 0xFF.
_FRAMES = dict.fromkeys(b"\xe2\xe3\xf2\xf3\xfa\xfb", "MP3") | dict.fromkeys(b"\xf0\xf1\xf8\xf9", "AAC")
_LOOKED_AT = 4_096
# A sample may look like the beginning of a frame, but not again and again.
_LEAST_FRAMES = 3


def format_of(data: bytes) -> str:
    """Return the name of the format that `data` begins, or nothing for raw samples."""
    if name := next((name for begin, name in _BEGINNINGS.items() if data.startswith(begin)), ""):
        return name
    if data[4:8] == b"ftyp":
        return "MP4"
    frame = data[:2]
    is_frame = len(frame) == 2 and frame[0] == 0xFF and frame[1] in _FRAMES
    return _FRAMES[frame[1]] if is_frame and data[:_LOOKED_AT].count(frame) >= _LEAST_FRAMES else ""
