"""Find and run espeak-ng: one short-lived process per text."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from speech.audio import read_wav
from speech.exceptions import ProviderBadAnswer, ProviderNotConfigured, ProviderTimeout, ProviderUnavailable
from speech.providers._shared.espeak import worker
from speech.providers._shared.espeak.parts import SpokenPart

SAMPLE_RATE = worker.SAMPLE_RATE
_LONGEST_DATA_PATH = 159  # bytes; a longer one is cut by the library's own buffer
_running = threading.BoundedSemaphore(os.cpu_count() or 1)


class Engine(Protocol):
    version: str
    tells_words: bool

    def speak(self, parts: Sequence[SpokenPart], words_per_minute: int, pitch: int, ssml: bool = False) -> bytes:
        """Return PCM at SAMPLE_RATE, the same bytes for the same arguments; `pitch`: 0 to 100. Raises ProviderError."""
        ...

    def speak_and_tell(self, parts: Sequence[SpokenPart], words_per_minute: int, pitch: int) -> tuple[bytes, str]:
        """Return PCM, and the lines of `worker` about its words. Only if `tells_words`."""
        ...


@functools.cache
def find(binary: str) -> Engine:
    """Return `binary` if it is given, else the library in the package espeakng-loader, else `espeak-ng` on the PATH.

    Raises ProviderNotConfigured when there is none.
    """
    if binary:
        return Binary(binary)
    if importlib.util.find_spec("espeakng_loader"):
        import espeakng_loader

        return Library(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
    if on_path := shutil.which("espeak-ng"):
        return Binary(on_path)
    raise ProviderNotConfigured(
        "espeak-ng is not installed: pip install espeakng-loader, install the system's espeak-ng, "
        "or set ESPEAK_NG_BIN to its path",
        param="provider",
    )


class Library:
    """The shared library, called by `worker.py` in a separate process."""

    tells_words = True

    def __init__(self, library: str, data: str) -> None:
        self._worker = [sys.executable, "-I", "-S", worker.__file__, library]
        self._data = ShortPath(data)
        self.version = run(self._worker).stdout.decode()

    def speak(self, parts: Sequence[SpokenPart], words_per_minute: int, pitch: int, ssml: bool = False) -> bytes:
        return self._speak(parts, words_per_minute, pitch, *["ssml"] * ssml).stdout

    def speak_and_tell(self, parts: Sequence[SpokenPart], words_per_minute: int, pitch: int) -> tuple[bytes, str]:
        done = self._speak(parts, words_per_minute, pitch, "words")
        return done.stdout, done.stderr.decode()

    def _speak(self, parts: Sequence[SpokenPart], *options: object) -> subprocess.CompletedProcess[bytes]:
        text = "".join(f"{field}\0" for part in parts for field in part)
        return run([*self._worker, self._data.path, *map(str, options)], text)


class Binary:
    tells_words = False

    def __init__(self, path: str) -> None:
        self._path = path
        found = re.search(rb":\s*([\w.+-]+)", run([path, "--version"]).stdout)
        if not found:
            raise ProviderNotConfigured(f"{path} is not espeak-ng: unexpected output of --version", param="provider")
        self.version = found[1].decode()

    def speak(self, parts: Sequence[SpokenPart], words_per_minute: int, pitch: int, ssml: bool = False) -> bytes:
        return b"".join(self._speak(part, words_per_minute, pitch, ssml) for part in parts)

    def speak_and_tell(self, parts: Sequence[SpokenPart], words_per_minute: int, pitch: int) -> tuple[bytes, str]:
        raise NotImplementedError("the program tells nothing of words")

    def _speak(self, part: SpokenPart, words_per_minute: int, pitch: int, ssml: bool) -> bytes:
        options = ["--stdin", "--stdout", "-b", "1", "-v", part.voice, "-s", str(words_per_minute), "-p", str(pitch)]
        # The program, unlike the library, reads [[…]] as phonemes and cannot be told not to.
        done = run([self._path, *options, *["-m"] * ssml], re.sub(r"\[(?=\[)", "[ ", part.text))
        try:
            pcm, sample_rate = read_wav(done.stdout)
        except ValueError as error:
            raise ProviderBadAnswer(f"espeak-ng did not write a WAV file: {error}") from error
        if sample_rate != SAMPLE_RATE:
            raise ProviderBadAnswer(f"espeak-ng spoke at {sample_rate} Hz where {SAMPLE_RATE} was expected")
        return pcm


@dataclass
class ShortPath:
    """A name for `long` that the library can hold: itself, or a link in a private folder that lives as long as this."""

    long: str

    def __post_init__(self) -> None:
        self.path = self.long
        if len(os.fsencode(self.long)) > _LONGEST_DATA_PATH:
            self._folder = tempfile.TemporaryDirectory(prefix="espeak-")
            link = Path(self._folder.name, "data")
            link.symlink_to(self.long)
            self.path = str(link)


def run(command: list[str], text: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run `command` with `text` on its standard input; at most one run per CPU. Raises ProviderError."""
    timeout = settings.PROVIDER_READ_TIMEOUT
    if not _running.acquire(timeout=timeout):
        raise ProviderTimeout(f"espeak-ng was busy for {timeout} s")
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=timeout)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise ProviderTimeout(f"espeak-ng did not finish within {timeout} s") from error
    except OSError as error:
        raise ProviderNotConfigured(f"cannot run {command[0]}: {error.strerror}", param="provider") from error
    finally:
        _running.release()
    if done.returncode:
        reason = worker.FAILURES.get(done.returncode, "it stopped unexpectedly")
        raise ProviderUnavailable(f"espeak-ng failed with code {done.returncode}: {reason}")
    return done
