"""Speak one text with the espeak-ng library, in a process of its own.

The library keeps state from call to call and is not safe in threads (espeak-ng issue 68), so each text gets a fresh
process: `python -I -S worker.py LIBRARY DATA WORDS_PER_MINUTE PITCH [ssml] [words]`. On standard input are the parts
of the text in UTF-8, each as VOICE NUL TEXT NUL; on standard output signed 16-bit mono PCM at 22 050 Hz. With `words` a
line on standard error for each word: place in the whole text, length, first sample; the end of a sentence has the
length 0. With LIBRARY alone it writes the library's version. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import sys

NO_DATA, NO_VOICE, NOT_SPOKEN = 3, 4, 5
# Meaning of the exit codes.
FAILURES = {
    NO_DATA: "its data folder cannot be read",
    NO_VOICE: "it does not have the voice",
    NOT_SPOKEN: "it could not speak the text",
}

# Numbers and names as in espeak-ng's speak_lib.h, version 1.52.
SAMPLE_RATE = 22_050
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_POS_CHARACTER = 1
_CHARS_UTF8 = 1  # and never espeakPHONEMES: [[…]] is read out as text
_SSML = 0x10
_PAUSE_AT_END = 0x1000
_ENDS_OF_SENTENCES = tuple(".!?…。！？।॥؟۔։።။")
_RATE, _PITCH = 1, 3
_LIST_TERMINATED, _WORD, _END = 0, 1, 5


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Events = ctypes.POINTER(_Event)
_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_char), ctypes.c_int, _Events)


class _Progress:
    """Length of the parts spoken so far: the library counts from the beginning of each."""

    characters = samples = 0
    samples_of_part = 0


@_SynthCallback
def _write(samples: ctypes._Pointer[ctypes.c_char], count: int, _events: ctypes._Pointer[_Event]) -> int:
    if samples and count > 0:
        sys.stdout.buffer.write(ctypes.string_at(samples, count * 2))
        _Progress.samples_of_part += count
    return 0


@_SynthCallback
def _write_with_words(samples: ctypes._Pointer[ctypes.c_char], count: int, events: ctypes._Pointer[_Event]) -> int:
    at = 0
    while events and (event := events[at]).type != _LIST_TERMINATED:
        if event.type in (_WORD, _END):
            length = max(event.length, 1) if event.type == _WORD else 0  # 0 for a word in quotes
            sample = _Progress.samples + event.audio_position * SAMPLE_RATE // 1000
            sys.stderr.write(f"{_Progress.characters + event.text_position} {length} {sample}\n")
        at += 1
    return int(_write(samples, count, events))


def speak(library: ctypes.CDLL, data: str, words_per_minute: int, pitch: int, flags: int, words: bool = False) -> int:
    """Speak the parts on standard input to standard output; returns the exit code."""
    if library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data.encode(), _INITIALIZE_DONT_EXIT) != SAMPLE_RATE:
        return NO_DATA
    library.espeak_SetSynthCallback(_write_with_words if words else _write)
    *fields, _ = sys.stdin.buffer.read().decode().split("\0")
    parts = list(zip(fields[::2], fields[1::2], strict=True))
    for number, (voice, text) in enumerate(parts):
        if library.espeak_SetVoiceByName(voice.encode()):
            return NO_VOICE  # going on would speak with the voice of before
        library.espeak_SetParameter(_RATE, words_per_minute, 0)
        library.espeak_SetParameter(_PITCH, pitch, 0)
        is_sentence = number < len(parts) - 1 and text.rstrip().endswith(_ENDS_OF_SENTENCES)
        if _synthesize(library, text, flags | (_PAUSE_AT_END if is_sentence else 0)):
            return NOT_SPOKEN
    sys.stdout.buffer.flush()
    return 0


def _synthesize(library: ctypes.CDLL, text: str, flags: int) -> int:
    encoded = text.encode() + b"\0"
    size = ctypes.c_size_t(len(encoded))
    _Progress.samples_of_part = 0
    failed = library.espeak_Synth(encoded, size, 0, _POS_CHARACTER, 0, flags, None, None)
    _Progress.characters += len(text)
    _Progress.samples += _Progress.samples_of_part
    return int(failed)


def use_all_cores() -> None:
    """The worker that started this process keeps to one core (speechsite/server/one_core.py)."""
    if hasattr(os, "sched_setaffinity"):
        try:  # noqa: SIM105 (contextlib takes milliseconds to import)
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
        except OSError:  # Its container forbids it.
            pass


def main(arguments: list[str]) -> int:
    use_all_cores()
    library = ctypes.CDLL(arguments[0])
    if len(arguments) == 1:
        library.espeak_Info.restype = ctypes.c_char_p
        sys.stdout.buffer.write(library.espeak_Info(None))
        return 0
    data, words_per_minute, pitch, *more = arguments[1:]
    flags = _CHARS_UTF8 | (_SSML if "ssml" in more else 0)
    return speak(library, data, int(words_per_minute), int(pitch), flags, "words" in more)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
