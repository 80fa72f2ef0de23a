"""WAV files that hold 16-bit mono PCM.

The form is that of "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991), with
WAVE_FORMAT_EXTENSIBLE as in Microsoft's "Multiple Channel Audio Data and WAVE Files" (2007).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import chain

from speech.audio.pcm import BYTES_PER_SAMPLE

PCM = 0x0001
EXTENSIBLE = 0xFFFE
PCM_SUBFORMAT = bytes.fromhex("0100000000001000800000aa00389b71")

# A program that writes to a pipe cannot know the length: FFmpeg puts 0xFFFFFFFF, espeak-ng 0x7FFFF000, pocket-tts
# 2,000,000,000, libsndfile and many recorders 0. A sound of a gigabyte, six hours at 24 kHz, does not come here.
UNKNOWN_LENGTH = 0xFFFFFFFF
LEAST_UNKNOWN_LENGTH = 0x4000_0000
# Bytes before the samples.
LONGEST_HEAD = 65_536

RIFF_HEADER = struct.Struct("<4sI4s")
CHUNK_HEADER = struct.Struct("<4sI")
FORMAT = struct.Struct("<HHIIHH")
HEADER_BYTES_AFTER_RIFF_LENGTH = 36


def read_wav(data: bytes) -> tuple[bytes, int]:
    """Return the samples of a WAV file and its rate in Hz. Raises ValueError for anything but 16-bit mono PCM."""
    sample_rate: int | None = None
    pcm: bytes | None = None
    for name, body in wav_chunks(data):
        if name == b"fmt ":
            sample_rate = _sample_rate(body)
        elif name == b"data" and pcm is None:
            pcm = body
    if sample_rate is None:
        raise ValueError("the WAV file has no fmt chunk")
    if pcm is None:
        raise ValueError("the WAV file has no data chunk")
    return pcm, sample_rate


def read_g711_wav(data: bytes) -> bytes:
    """Return the bytes of the samples of a WAV file with one byte each. Raises ValueError if it has none."""
    for name, body in wav_chunks(data, sample_bytes=1):
        if name == b"data":
            return body
    raise ValueError("the WAV file has no data chunk")


def to_wav(pcm: bytes, sample_rate: int) -> bytes:
    return wav_header(len(pcm), sample_rate) + pcm


def with_chunk(wav: bytes, name: bytes, body: bytes) -> bytes:
    """Return a WAV file whose length is known, with one more chunk at its end."""
    chunk = CHUNK_HEADER.pack(name, len(body)) + body + bytes(len(body) % 2)
    wav += bytes(len(wav) % 2)
    return (
        RIFF_HEADER.pack(b"RIFF", len(wav) + len(chunk) - CHUNK_HEADER.size, b"WAVE") + wav[RIFF_HEADER.size :] + chunk
    )


def wav_header(data_bytes: int | None, sample_rate: int) -> bytes:
    """Return the 44 bytes before the samples; None says that their number is not known yet."""
    if data_bytes is None or data_bytes + HEADER_BYTES_AFTER_RIFF_LENGTH >= LEAST_UNKNOWN_LENGTH:
        riff_length = data_length = UNKNOWN_LENGTH
    else:
        riff_length, data_length = data_bytes + HEADER_BYTES_AFTER_RIFF_LENGTH, data_bytes
    bytes_per_second = sample_rate * BYTES_PER_SAMPLE
    return (
        RIFF_HEADER.pack(b"RIFF", riff_length, b"WAVE")
        + CHUNK_HEADER.pack(b"fmt ", FORMAT.size)
        + FORMAT.pack(PCM, 1, sample_rate, bytes_per_second, BYTES_PER_SAMPLE, 8 * BYTES_PER_SAMPLE)
        + CHUNK_HEADER.pack(b"data", data_length)
    )


def g711_wav_header(samples: int | None, sample_rate: int, law: int) -> bytes:
    """Return the 58 bytes before samples of one byte each; None says that their number is not known yet."""
    count = UNKNOWN_LENGTH if samples is None else samples
    form = FORMAT.pack(law, 1, sample_rate, sample_rate, 1, 8) + bytes(2)  # no extension
    fact = CHUNK_HEADER.pack(b"fact", 4) + count.to_bytes(4, "little")
    chunks = CHUNK_HEADER.pack(b"fmt ", len(form)) + form + fact + CHUNK_HEADER.pack(b"data", count)
    riff_length = UNKNOWN_LENGTH if samples is None else len(b"WAVE") + len(chunks) + samples
    return RIFF_HEADER.pack(b"RIFF", riff_length, b"WAVE") + chunks


def wav_chunks(data: bytes, sample_bytes: int = BYTES_PER_SAMPLE) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each chunk, in any order. The length in the RIFF header is often wrong and never needed."""
    if len(data) < RIFF_HEADER.size:
        raise ValueError("not a WAV file: shorter than its header")
    riff, _, wave = RIFF_HEADER.unpack_from(data)
    if riff != b"RIFF" or wave != b"WAVE":
        raise ValueError("not a WAV file: it does not begin with RIFF and WAVE")
    at = RIFF_HEADER.size
    while at + CHUNK_HEADER.size <= len(data):
        name, length = CHUNK_HEADER.unpack_from(data, at)
        start = at + CHUNK_HEADER.size
        if name == b"data" and _is_unknown(length):
            length = (len(data) - start) // sample_bytes * sample_bytes
        if start + length > len(data):
            raise ValueError(
                f"the WAV file is cut short: chunk {name!r} says {length} bytes, {len(data) - start} are left"
            )
        if name == b"data" and length % sample_bytes:
            raise ValueError("the WAV file ends in half a sample")
        yield name, data[start : start + length]
        at = start + length + length % 2  # a chunk of odd length is padded


def stream_wav(chunks: Iterator[bytes]) -> tuple[int, Iterator[bytes]]:
    """Return the rate in Hz of a WAV file that comes in chunks, and its samples as they come.

    Raises ValueError for anything but 16-bit mono PCM, and while the samples are read where the file is cut short.
    """
    head = b""
    for chunk in chunks:
        head += chunk
        if begin := _begin_of_samples(head):
            sample_rate, start, length = begin
            return sample_rate, _samples(chain([head[start:]], chunks), None if _is_unknown(length) else length)
        if len(head) > LONGEST_HEAD:
            break
    raise ValueError("the WAV file has no data chunk")


def _begin_of_samples(head: bytes) -> tuple[int, int, int] | None:
    """Return the rate, the place and the length of the samples; None if the chunk that holds them is not in `head`."""
    at, sample_rate = RIFF_HEADER.size, 0
    while at + CHUNK_HEADER.size <= len(head):
        name, length = CHUNK_HEADER.unpack_from(head, at)
        at += CHUNK_HEADER.size
        if name == b"data":
            if not sample_rate:
                raise ValueError("the WAV file has no fmt chunk before its samples")
            return sample_rate, at, length
        if name == b"fmt " and len(head) >= at + length:
            sample_rate = _sample_rate(head[at : at + length])
        at += length + length % 2
    return None


def _samples(chunks: Iterable[bytes], length: int | None) -> Iterator[bytes]:
    """Yield the first `length` bytes, and read what is behind them; all bytes where it is None."""
    left = length
    for chunk in chunks:
        part = chunk if left is None else chunk[:left]
        if part:
            yield part
        if left is not None:
            left -= len(part)
    if left:
        raise ValueError(f"the WAV file is cut short: {left} bytes of its samples are missing")


def _is_unknown(length: int) -> bool:
    return not length or length >= LEAST_UNKNOWN_LENGTH


def _sample_rate(body: bytes) -> int:
    if len(body) < FORMAT.size:
        raise ValueError("the fmt chunk of the WAV file is too short")
    encoding, channels, sample_rate, _, _, bits = FORMAT.unpack_from(body)
    if encoding == EXTENSIBLE and body[24:40] == PCM_SUBFORMAT:
        encoding = PCM
    if encoding != PCM:
        raise ValueError(f"the WAV file holds encoding 0x{encoding:04x}, not PCM")
    if channels != 1:
        raise ValueError(f"the WAV file has {channels} channels, not one")
    if bits != 8 * BYTES_PER_SAMPLE:
        raise ValueError(f"the WAV file has {bits} bits a sample, not 16")
    if sample_rate == 0:
        raise ValueError("the WAV file has a sample rate of 0")
    return int(sample_rate)
