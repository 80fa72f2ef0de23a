"""Words that are too long for one request, in scripts that write no spaces between words."""

from __future__ import annotations

import pytest

from speech.text.packing import is_inside_cluster, pack

ZWSP, FLAG_TAGS = "\u200b", "\U000e0067\U000e0062\U000e007f"

# Pieces that a request may hold, each of which a voice reads as it would within the text.
SYLLABLES = [
    ("th", ["มา", "นา", "ตา", "หา"]),
    ("th", ["ทำ", "นำ", "คำ"]),
    ("th", ["ก่า", "จะ", "ดีๆ"]),
    ("th", ["เก", "แก", "ไก", "โก"]),
    ("lo", ["ປາ", "ຕາ", "ຈະ", "ເກ"]),
    ("my", ["မင်", "ကောင်း", "ခင့်", "လား"]),
    ("ko", ["\u1112\u1161\u11ab", "\u1100\u1173\u11af"]),
    ("ja", ["きゃ", "シュ", "コー", "ｶﾞ", "ﾊﾟ", "人々"]),
    ("en", ["🇮🇳", "🇺🇸", "🇩🇪"]),
    ("en", ["🏴" + FLAG_TAGS, "👍🏽", "👩\u200d💻", "1\ufe0f\u20e3"]),
]


@pytest.mark.parametrize(("language", "syllables"), SYLLABLES)
def test_a_long_word_is_cut_between_syllables_only(language: str, syllables: list[str]) -> None:
    whole = syllables * 3
    ends, text = {0}, ""
    for each in whole:
        text += each
        ends.add(len(text))
    for limit in range(max(map(len, whole)), 2 * max(map(len, whole)) + 1):
        pieces = pack(text, language, limit)
        assert "".join(pieces) == text
        assert {sum(map(len, pieces[:count])) for count in range(len(pieces))} <= ends


@pytest.mark.parametrize("cluster", [each for _, syllables in SYLLABLES for each in syllables])
def test_no_place_inside_a_syllable_is_good(cluster: str) -> None:
    assert all(is_inside_cluster(cluster, at) for at in range(1, len(cluster)))


@pytest.mark.parametrize(
    ("language", "parts", "limit"),
    [
        ("km", [f"{word}{ZWSP}" for word in ("ទៅ", "សាលារៀន", "ភ្នំពេញ", "ទៅ", "សាលារៀន")], 12),
        ("th", [f"{word}{ZWSP}" for word in ("สวัสดี", "วันนี้", "อากาศ", "ดีมาก")], 10),
        ("am", ["ሰላም፡", "ለዓለም፡", "እንደገና፡", "ደህና፡"], 8),
        ("am", ["አንድ፣", "ሁለት፣", "ሦስት፤", "አራት፣"], 6),
        ("my", ["ဟုတ်ကဲ့၊", "ကောင်းပါတယ်၊", "ကောင်းပါတယ်၊"], 15),
        ("bo", ["བཀྲ་", "ཤིས་", "བདེ་", "ལེགས་", "ཁྱེད་"], 6),
        ("ja", ["ｱｲｳ､", "ｴｵｶ､", "ｷｸｹ､"], 6),
        ("de", ["Donau\u00ad", "dampf\u00ad", "schiff\u00ad", "fahrt"], 8),
        ("en", ["mother-", "in-", "law/", "father"], 9),
    ],
)
def test_a_long_text_without_spaces_is_cut_where_its_script_ends_words(
    language: str, parts: list[str], limit: int
) -> None:
    ends = {sum(map(len, parts[:count])) for count in range(len(parts))}
    pieces = pack("".join(parts), language, limit)
    assert "".join(pieces) == "".join(parts)
    assert {sum(map(len, pieces[:count])) for count in range(len(pieces))} <= ends


def test_a_space_is_better_than_a_sign_inside_a_word() -> None:
    assert pack("a well-known name", "en", 10) == ["a", "well-known", "name"]
    assert pack("See exam\u200bple.com now", "en", 14) == ["See", "exam\u200bple.com", "now"]


@pytest.mark.parametrize(
    "tag",
    ['<break time="500ms" strength="weak"/>', '<sub alias="one, two; three">', "</prosody>", "<emotion value='a-b' />"],
)
def test_a_tag_is_never_divided(tag: str) -> None:
    text = f"Hello there, my friend {tag} and more words, 3 < 4 here"
    for limit in range(len(tag), len(text)):
        pieces = pack(text, "en", limit)
        assert " ".join(pieces) == text
        assert any(tag in piece for piece in pieces)
