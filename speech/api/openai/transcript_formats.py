"""The six transcript formats of OpenAI's `response_format`, and the events of `stream`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from speech.exceptions import ProviderBadAnswer

# Formats that need timestamps.
WITH_SEGMENTS = ("verbose_json", "srt", "vtt")
# The last time that SubRip can write, in seconds.
_LATEST = 359_999.999


def plain(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """Return OpenAI's `json`."""
    return {"text": transcript["text"], **transcript["extra"]}


def verbose(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """Return OpenAI's `verbose_json`."""
    shown = {name: transcript[name] for name in ("language", "text", "segments")}
    words = {"words": transcript["words"]} if transcript["words"] else {}
    return {"task": "transcribe", "duration": transcript["seconds"], **shown, **words, **transcript["extra"]}


def diarized(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """Return OpenAI's `diarized_json`."""
    shown = {name: transcript[name] for name in ("text", "segments")}
    return {"task": "transcribe", "duration": transcript["seconds"], **shown, **transcript["extra"]}


def events(parts: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the events of a transcript: those of the provider, or all its text as one of them."""
    begun = False
    for part in parts:
        if "type" in part:
            begun = True
            yield part
            continue
        if not begun:
            yield from (segment for segment in part["segments"] if "type" in segment)
            if part["text"]:
                yield {"type": "transcript.text.delta", "delta": part["text"]}
        shown = {name: part["extra"][name] for name in ("logprobs", "usage") if name in part["extra"]}
        yield {"type": "transcript.text.done", "text": part["text"], **shown}


def text(transcript: Mapping[str, Any]) -> str:
    return f"{transcript['text']}\n"


def srt(transcript: Mapping[str, Any]) -> str:
    """Return SubRip: numbered cues, a comma before the milliseconds."""
    cues = (
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
        for number, (start, end, text) in enumerate(_cues(transcript), 1)
    )
    return "\n".join(cues)


def vtt(transcript: Mapping[str, Any]) -> str:
    """Return WebVTT (W3C, section 4): a point before the milliseconds."""
    cues = (
        f"{_clock(start, '.')} --> {_clock(end, '.')}\n{escape(text, quote=False)}\n"
        for start, end, text in _cues(transcript)
    )
    return "\n".join(["WEBVTT\n", *cues])


def _cues(transcript: Mapping[str, Any]) -> Iterator[tuple[float, float, str]]:
    """Yield begin, end and text of the segments with words.

    Models leave out a time where the recording ends in a word, and tell ends before their beginnings. Raises
    ProviderBadAnswer for a text without segments or any times: its subtitles would be empty.
    """
    segments = [segment for segment in transcript["segments"] if str(segment.get("text") or "").strip()]
    times = [(segment.get("start"), segment.get("end")) for segment in segments]
    if transcript["text"].strip() and not any(time is not None for pair in times for time in pair):
        raise ProviderBadAnswer("the provider returned a transcript without segments, so without subtitles")
    last = 0.0
    for segment, (start, end), (following, _) in zip(
        segments, times, [*times[1:], (transcript.get("seconds"), None)], strict=bool(times)
    ):
        start = last if start is None else start
        last = max(start, (following or start) if end is None else end)
        yield start, last, _cue(segment)


def _cue(segment: Mapping[str, Any]) -> str:
    """Return the text of a cue, which neither an empty line nor an arrow may end."""
    lines = (line.strip() for line in segment["text"].replace("-->", "→").splitlines())
    return "\n".join(line for line in lines if line)


def _clock(seconds: float, separator: str) -> str:
    milliseconds = round(min(max(seconds, 0), _LATEST) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{separator}{rest % 1000:03}"


OBJECTS = {"json": plain, "verbose_json": verbose, "diarized_json": diarized}
TEXTS = {"text": text, "srt": srt, "vtt": vtt}
FORMATS = (*OBJECTS, *TEXTS)
