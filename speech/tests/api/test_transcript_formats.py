from __future__ import annotations

import pytest

from speech.api.openai.transcript_formats import srt, vtt

CUE = {"start": 0.0, "end": 1.5, "text": " A <b> & C\n\n1 --> 2 \r\n"}


@pytest.mark.parametrize(("form", "text"), [(srt, "A <b> & C\n1 → 2"), (vtt, "A &lt;b&gt; &amp; C\n1 → 2")])
def test_no_text_can_end_its_cue_or_begin_another(form: object, text: str) -> None:
    written = form({"text": CUE["text"], "segments": [CUE]})  # type: ignore[operator]
    assert text in written
    assert written.count("-->") == 1
    assert "\n\n1" not in written.removeprefix("WEBVTT\n\n")
