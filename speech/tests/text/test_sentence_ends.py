"""Where sentences end, as people write them: in `sentence_ends.tsv`, `|` stands where the next one begins."""

from __future__ import annotations

from pathlib import Path

from speech.text.sentences import split

ROWS = Path(__file__).with_name("sentence_ends.tsv").read_text(encoding="utf-8").splitlines()


def test_sentences_end_where_a_reader_would_pause() -> None:
    found = []
    for language, _, text in (row.partition("\t") for row in ROWS):
        sentences = text.split("|")
        if (cut := split("".join(sentences), language)) != sentences:
            found.append(f"{language}: {cut}")
    assert not found, "\n".join(found)


def test_the_table_has_every_language_that_is_promised() -> None:
    languages = {row.partition("\t")[0] for row in ROWS}
    assert languages >= {
        "en",
        "hi",
        "mr",
        "bn",
        "ta",
        "te",
        "gu",
        "kn",
        "ml",
        "pa",
        "ur",
        "ar",
        "es",
        "de",
        "fr",
        "zh",
        "ja",
    }
