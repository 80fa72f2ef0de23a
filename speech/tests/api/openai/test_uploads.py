from __future__ import annotations

import pytest

from speech.api.uploads import kind_of
from speech.exceptions import InvalidRequest

# The first bytes of files as recorders write them.
HEADS = {
    "wav": [b"RIFF\x24\0\0\0WAVEfmt ", b"RF64\xff\xff\xff\xffWAVEds64"],
    "aiff": [b"FORM\0\0\1\0AIFFCOMM", b"FORM\0\0\1\0AIFCFVER"],
    "mp3": [b"ID3\x04\0\0\0\0\0\x23", b"\xff\xfb\x90\x64\0\0", b"\xff\xf3\x84\xc4\0\0"],
    "aac": [b"\xff\xf1\x50\x80\x2e\x7f", b"\xff\xf9\x50\x80\x2e\x7f", b"ADIF\0\0\0"],
    "flac": [b"fLaC\0\0\0\x22"],
    "ogg": [b"OggS\0\2\0\0"],
    "webm": [b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81"],
    "m4a": [b"\0\0\0\x20ftypM4A ", b"\0\0\0\x1cftyp3gp4", b"\0\0\0\x08wide\0\0", b"\0\0\x1a\x2bmoov\0\0\0\x6c"],
    "amr": [b"#!AMR\n\x3c\x91", b"#!AMR-WB\n\x44"],
    "caf": [b"caff\0\1\0\0desc"],
    "wma": [b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa"],
    "au": [b".snd\0\0\0\x18\xff\xff\xff\xff"],
    "mpeg": [b"\0\0\1\xba\x44\0\4\0"],
}


@pytest.mark.parametrize(("kind", "heads"), HEADS.items(), ids=HEADS)
def test_a_format_is_told_by_its_first_bytes(kind: str, heads: list[bytes]) -> None:
    assert [kind_of(head + bytes(100)) for head in heads] == [kind] * len(heads)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"PK\3\4",
        b"RIFF\0\0\0\0AVI LIST",
        b"FORM\0\0\0\0ILBM",
        b"%PDF-1.7",
        b"{}",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
    ],
)
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        kind_of(data)
    assert (refused.value.param, refused.value.code) == ("file", "not_audio")
