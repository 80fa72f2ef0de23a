from __future__ import annotations

import pytest

from speech.api.openai.transcript_formats import srt, vtt
from speech.exceptions import ProviderBadAnswer

CUE = {"start": 0.0, "end": 1.5, "text": " A <b> & C\n\n1 --> 2 \r\n"}


@pytest.mark.parametrize(("form", "text"), [(srt, "A <b> & C\n1 → 2"), (vtt, "A &lt;b&gt; &amp; C\n1 → 2")])
def test_no_text_can_end_its_cue_or_begin_another(form: object, text: str) -> None:
    written = form({"text": CUE["text"], "segments": [CUE]})  # type: ignore[operator]
    assert text in written
    assert written.count("-->") == 1
    assert "\n\n1" not in written.removeprefix("WEBVTT\n\n")


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        (-0.3, 30.0, "00:00:00,000 --> 00:00:30,000"),
        (-2.0, -1.0, "00:00:00,000 --> 00:00:00,000"),
        (2930.29, 2819.52, "00:48:50,290 --> 00:48:50,290"),
        (59.9996, 3600, "00:01:00,000 --> 01:00:00,000"),
        (0, 1e308, "00:00:00,000 --> 99:59:59,999"),
    ],
)
def test_times_that_no_player_reads_are_not_written(start: float, end: float, written: str) -> None:
    transcript = {"text": "Hello.", "segments": [{"start": start, "end": end, "text": "Hello."}]}
    assert written in srt(transcript)
    assert written.replace(",", ".") in vtt(transcript)


@pytest.mark.parametrize(
    ("times", "seconds", "written"),
    [
        ([(0.0, 1.0), (1.5, None)], 4.0, ["00:00:00,000 --> 00:00:01,000", "00:00:01,500 --> 00:00:04,000"]),
        ([(0.0, 1.0), (1.5, None)], None, ["00:00:00,000 --> 00:00:01,000", "00:00:01,500 --> 00:00:01,500"]),
        ([(0.0, None), (1.5, 2.0)], 4.0, ["00:00:00,000 --> 00:00:01,500", "00:00:01,500 --> 00:00:02,000"]),
        ([(None, 1.0), (None, 2.0)], 4.0, ["00:00:00,000 --> 00:00:01,000", "00:00:01,000 --> 00:00:02,000"]),
    ],
)
def test_a_time_that_the_model_left_out_is_that_of_its_neighbour(
    times: list[tuple[float | None, float | None]], seconds: float | None, written: list[str]
) -> None:
    segments = [{"start": start, "end": end, "text": "Hello."} for start, end in times]
    cues = srt({"text": "Hello. Hello.", "segments": segments, "seconds": seconds})
    assert [line for line in cues.splitlines() if "-->" in line] == written


def test_without_any_time_there_are_no_subtitles() -> None:
    with pytest.raises(ProviderBadAnswer):
        srt({"text": "Hello.", "segments": [{"text": "Hello."}], "seconds": 4.0})
