from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from speech.exceptions import ProviderNotConfigured, ProviderTimeout, ProviderUnavailable
from speech.providers._shared.espeak import engine as espeak
from speech.providers._shared.espeak import worker
from speech.providers._shared.espeak.parts import SpokenPart

espeakng_loader = pytest.importorskip("espeakng_loader")
TEXT = "The train to Pune leaves at nine."


@pytest.fixture(autouse=True)
def forget_what_was_found() -> Iterator[None]:
    espeak.find.cache_clear()
    yield
    espeak.find.cache_clear()


def script(path: Path, body: str) -> str:
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
    return str(path)


def test_it_speaks_in_many_threads_and_always_the_same() -> None:
    engine, digests = espeak.find(""), []

    def speak() -> None:
        digests.append(hashlib.sha256(engine.speak([SpokenPart("en-us", TEXT)], 175, 50)).hexdigest())

    threads = [threading.Thread(target=speak) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 24
    assert len(set(digests)) == 1


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system keeps no process to a core")
def test_it_speaks_on_all_cores_where_its_worker_keeps_to_one() -> None:
    code = f"{worker.__name__}.use_all_cores(); print(*sorted(os.sched_getaffinity(0)))"
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        told = espeak.run([sys.executable, "-c", f"import os, {worker.__name__}; {code}"]).stdout.split()
    finally:
        os.sched_setaffinity(0, before)
    assert {int(core) for core in told} >= before


def test_it_finds_its_data_however_long_the_path(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    shutil.copytree(espeakng_loader.get_data_path(), folder / "espeak-ng-data")
    long = str(folder / "espeak-ng-data")
    assert len(os.fsencode(long)) > 159
    engine = espeak.Library(espeakng_loader.get_library_path(), long)
    assert engine.speak([SpokenPart("hi", TEXT)], 175, 50) == espeak.find("").speak([SpokenPart("hi", TEXT)], 175, 50)


def test_it_says_why_the_library_failed(tmp_path: Path) -> None:
    library = espeakng_loader.get_library_path()
    with pytest.raises(ProviderUnavailable, match="data folder"):
        espeak.Library(library, str(tmp_path)).speak([SpokenPart("hi", TEXT)], 175, 50)
    with pytest.raises(ProviderUnavailable, match="does not have the voice"):
        espeak.find("").speak([SpokenPart("no-such-voice", TEXT)], 175, 50)
    with pytest.raises(ProviderUnavailable):
        espeak.Library("/nowhere/libespeak-ng.so", str(tmp_path))


def test_it_kills_what_does_not_end_in_time(settings: Settings, tmp_path: Path) -> None:
    settings.PROVIDER_READ_TIMEOUT = 1
    pid_file = tmp_path / "pid"
    hanging = script(
        tmp_path / "espeak-ng", f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    begun = time.monotonic()
    with pytest.raises(ProviderTimeout):
        espeak.run([hanging], TEXT)
    assert time.monotonic() - begun < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_it_takes_the_library_before_a_program_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = script(tmp_path / "espeak-ng", "print('eSpeak NG text-to-speech: 9.9  Data at: /')")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert espeak.find("").version != "9.9"
    assert espeak.find(program).version == "9.9"


def test_it_takes_the_program_where_there_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProviderNotConfigured, match="ESPEAK_NG_BIN"):
        espeak.find("")
    script(tmp_path / "espeak-ng", "print('eSpeak NG text-to-speech: 9.9  Data at: /')")
    assert espeak.find("").version == "9.9"


def test_it_refuses_a_program_that_is_another(tmp_path: Path) -> None:
    with pytest.raises(ProviderNotConfigured, match="--version"):
        espeak.Binary(script(tmp_path / "other", "print('hello')"))


@pytest.mark.skipif(not (os.environ.get("ESPEAK_NG_BIN") or shutil.which("espeak-ng")), reason="no espeak-ng program")
def test_the_program_speaks_as_the_library_does() -> None:
    program = espeak.find(os.environ.get("ESPEAK_NG_BIN") or shutil.which("espeak-ng") or "")
    library = espeak.find("")
    for text in (TEXT, "नमस्ते दुनिया"):
        ratio = len(program.speak([SpokenPart("hi+f3", text)], 175, 50)) / len(
            library.speak([SpokenPart("hi+f3", text)], 175, 50)
        )
        assert 0.5 < ratio < 2  # the two are of different versions
    assert len(program.speak([SpokenPart("en-us", "[[h@l'oU]]")], 175, 50)) > 1.2 * len(
        program.speak([SpokenPart("en-us", "hello")], 175, 50)
    )
