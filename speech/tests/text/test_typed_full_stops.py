"""Full stops as people and models type them: with what their keyboard has, and with marks that nobody sees."""

from __future__ import annotations

import unicodedata

import pytest

from speech.text.sentences import split

INVISIBLE = {
    "soft hyphen": "\u00ad", "letter mark": "\u061c", "zero width space": "\u200b", "left-to-right": "\u200e",
    "right-to-left": "\u200f", "end of embedding": "\u202c", "word joiner": "\u2060", "end of isolate": "\u2069",
    "byte order": "\ufeff",
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("am", ["ሰላም ነው፡፡ ", "እንዴት ነህ? ", "ደህና ነኝ፡፡"]),
        ("am", ["ሰላም ነው:: ", "ደህና ነኝ። ", "አዎ::"]),
        ("hi", ["मैं ठीक हूँ| ", "आप कैसे हैं | ", "धन्यवाद|| ", "फिर मिलेंगे"]),
        ("pa", ["ਸਤ ਸ੍ਰੀ ਅਕਾਲ| ", "ਤੁਸੀਂ ਕਿਵੇਂ ਹੋ?"]),
        ("bn", ["আমি ভালো আছি৷ ", "আপনি কেমন আছেন? ", "ভালো|"]),
        ("he", ["בראשית ברא אלהים׃ ", "והארץ היתה תהו׃"]),
        ("el", [unicodedata.normalize("NFD", text) for text in ("Γιατί; ", "Πώς κι έτσι; ", "Καλά.")]),
        ("hy", ["Ինչպե՞ս ես: ", "Սա թեստ է: ", "Լավ։"]),
        ("km", ["ផ្លែប៉ោម ផ្លែចេក។ល។ ", "ខ្ញុំចូលចិត្ត។", "អរគុណ៕"]),
    ],
)
def test_what_is_typed_for_a_full_stop_ends_a_sentence(language: str, sentences: list[str]) -> None:
    assert split("".join(sentences), language) == sentences


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "if a || b then c | d, std::vector of T:: x"),
        ("en", "the angle α; the angle β"),
        ("vi", unicodedata.normalize("NFD", "không thế; nhưng vậy")),
        ("bn", "৪৷ টাকা দিন"),
        ("am", "ሰላም፡ለዓለም፡ሁሉ"),
        ("th", "เจอกัน จ. เชียงใหม่ เวลา 10.00 น. ที่ ถ. สุขุมวิท พ.ศ. 2567"),
        ("am", "በ1990 ዓ.ም. ተወለዱ እና አ. አበበ"),
    ],
)
def test_elsewhere_these_marks_end_none(language: str, text: str) -> None:
    assert split(text, language) == [text]


@pytest.mark.parametrize("mark", INVISIBLE.values(), ids=INVISIBLE)
@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("he", "שלום לך.", "מה שלומך?"),
        ("ar", "مرحبا بك.", "كيف حالك؟"),
        ("fa", "سلام بر شما!", "حال شما چطور است؟"),
        ("ur", "میں ٹھیک ہوں۔", "آپ کیسے ہیں؟"),
        ("en", "Thank you.", "How are you?"),
    ],
)
def test_a_mark_that_nobody_sees_hides_no_end(mark: str, language: str, first: str, second: str) -> None:
    for text in (f"{first}{mark} {second}", f"{first} {mark}{second}", f"{first}{mark} {mark}{second}"):
        assert [piece.strip(f" {mark}") for piece in split(text, language)] == [first, second]


@pytest.mark.parametrize("mark", INVISIBLE.values(), ids=INVISIBLE)
@pytest.mark.parametrize("text", ["See www.{}example.{}com and a.{}txt", "It is 3.{}5 kg at 10.{}30"])
def test_nor_does_it_make_one(mark: str, text: str) -> None:
    text = text.replace("{}", mark)
    assert split(text, "en") == [text]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("tr", "Prof.Dr. Ahmet Yılmaz ve Yrd.Doç.Dr. Ayşe Kaya geldi"),
        ("tr", "II. Dünya Savaşı'ndan önce IV. Murat, bkz. Bölüm 3, krş. Tablo 4, M.Ö. 300"),
        ("tr", "Atatürk Cad. No: 5"),
        ("vi", "PGS.TS. Nguyễn Văn A và GS.TS. Trần B"),
        ("de", "Prof.Dr. Müller über Friedrich II. Barbarossa"),
    ],
)
def test_titles_that_run_together_and_roman_ordinals_end_none(language: str, text: str) -> None:
    assert split(text, language) == [text]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Kl. Tio, dvs. Anna, jfr. Tabell 3, t.ex. Ola"),
        ("da", "F.eks. Kari, jf. Kapitel 2, kl. Ti, bl.a. Ole"),
        ("no", "F.eks. Kari, jf. Kapittel 2, kl. Ti, bl.a. Ola"),
        ("fi", "Tri. Koski, ns. Suomi, ent. Neuvostoliitto"),
        ("pl", "Dr hab. Jan Nowak, al. Jana, godz. 10, m.in. Ola, św. Jan"),
        ("cs", "Mj. Petr, tř. Krále"),
        ("hu", "Ifj. Kis, özv. Tóth, Szt. István, vö. Kovács, sz. 5"),
        ("ro", "De ex. Ana, dl. Pop, bl. 3, ap. 7"),
        ("ru", "Напр. Иван, г-н. Иванов, св. Георгий, обл. Тула, рис. 2, гл. 3"),
        ("bg", "Т.е. Анна, г-н. Иванов, т.нар. Петър"),
        ("uk", "Д-р. Петренко, просп. Миру, табл. 4"),
        ("el", "Δηλ. Εμείς, βλ. Κεφ. 3, κος. Παππάς, τηλ. 123, σελ. 7"),
        ("nl", "Afb. Vier, o.a. Piet, d.w.z. Jan, mw. Kok"),
        ("es", "Col. Roma, Edo. México"),
        ("pt", "Al. Santos, Rod. Anhanguera"),
        ("de", "Dr. rer. nat. Roth, Dr.med. Roth, Hrsg. Beck, max. Last, Jh. Rom"),
        ("tr", "Gül Sok. No. 3, Alm. Kitap, yy. Roma"),
        ("id", "Bpk. Budi, Sdr. Adi, Kec. Gubeng, hlm. 7, a.n. Rini"),
        ("ms", "En. Ali, Pn. Siti, Kg. Baru, hlm. 7"),
        ("vi", "KS. Tuấn, Đ. Lê Lợi, Tr. 7"),
        ("hr", "Npr. Ana, tj. Ivan, gđa. Marić, ul. Duga"),
        ("sw", "Dkt. Ali, Mh. Rais, uk. 7"),
        ("th", "กทม. และ บจก. ไทย"),
    ],
)
def test_abbreviations_of_each_language_end_none(language: str, text: str) -> None:
    assert split(text, language) == [text]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("ru", ["Я ем рис. ", "Он вкусный. ", "Это гл. 3."]),
        ("es", ["Comí col. ", "Luego salí."]),
        ("de", ["Das ist Max. ", "Er ist bei Phil. ", "Sie auch."]),
        ("id", ["Ini air. ", "Itu api."]),
        ("en", ["I went to the kg. ", "Then home to max. ", "Well."]),
        ("th", ["ขอบคุณมาก. ", "สวัสดีครับ"]),
    ],
)
def test_what_is_a_word_ends_one(language: str, sentences: list[str]) -> None:
    assert split("".join(sentences), language) == sentences


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("zh", ["“真的？”", "“真的！”", "“他说：好。”"]),
        ("ja", ["「本当？」", "「本当！」", "「はい。」と言った。"]),
        ("zh", ["“他说‘走吧。’”", "“好的。”"]),
    ],
)
def test_one_speaker_after_another_needs_no_space(language: str, sentences: list[str]) -> None:
    assert split("".join(sentences), language) == sentences
