"""What is one sentence, and what is several, by kind and language."""

from __future__ import annotations

import pytest

from speech.text.sentences import split

# Figures as the scripts of the world write them: ten digits from the one named.
DIGITS = {
    "en": "0", "hi": "०", "mr": "०", "bn": "০", "ta": "௦", "te": "౦", "gu": "૦", "kn": "೦", "ml": "൦", "pa": "੦",
    "or": "୦", "ur": "۰", "ar": "٠", "fa": "۰", "ne": "०", "zh": "０", "my": "၀", "th": "๐",
}  # fmt: skip
FIGURES = ["1.5", "1,250.50", "37.5", "10.30", "15.08.2026", "2.0.1", "3:45", "1.000.000,5", "192.168.0.1"]


def in_digits_of(language: str, figure: str) -> str:
    zero = ord(DIGITS[language])
    return "".join(chr(zero + int(c)) if c.isdigit() else c for c in figure)


@pytest.mark.parametrize("language", DIGITS)
@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("form", ["{}", "मूल्य ₹{} है।", "It is {} now", "{} है", "கட்டணம் {} ஆகும்", "قیمت {} ہے۔"])
def test_a_figure_is_never_cut(language: str, figure: str, form: str) -> None:
    text = form.format(in_digits_of(language, figure))
    assert split(text, language) == [text]


@pytest.mark.parametrize(
    "address",
    [
        "Jane.Doe@Example.Org", "JANE.DOE@EXAMPLE.ORG", "jane.doe+tag@mail.example.co.in", "www.Example.Com/Help.Html",
        "https://Example.com/a.b?q=1&R=2!x", "ASP.NET", "Node.JS", "README.MD", "setup.Exe", "file.tar.gz", "v2.0.1",
        "foo.Bar(x).Baz", "os.path.Join", "a!=b", "x?y:z", "example.भारत", "राम.कुमार@उदाहरण.भारत", "B.Tech", "e.g",
    ],
)  # fmt: skip
def test_an_address_a_file_and_code_are_never_cut(address: str) -> None:
    assert split(f"See {address} today. Good.", "en") == [f"See {address} today. ", "Good."]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "See Vol. 3, Ex. 3, No. 5, Fig. 2 and Ch. 7"),
        ("en", "Pay Amt. 500 or Rs. 500, Qty. 3, tel. 555, Std. 10"),
        ("en", "The Max. speed on Mon. morning is approx. 5"),
        ("en", "Avg. 7, misc. 3, 1 doz. 12, pkt. 5, ltr. 2, yr. 2, wk. 4, tbsp. 1, Rm. 12, Blk. 4, Lvl. 3"),
        ("en", "Chq. 51, dtd. 5 May, Inv. 7, prev. 6, encl. 2, subj. 3, div. 4, orig. 900"),
        ("en", "900 incl. GST, 800 excl. VAT, A/c. No. 5, Addl. Collector, Distt. Pune, Intl. Airport"),
        ("en", "Ar. Mehta, Dr. Rao, Mrs. Roy, Prof. K. Sen and St. John came"),
        ("en", "J. K. Rowling, A.P.J. Abdul Kalam and U.S. troops came"),
        ("en", "He comes at 5 p.m. today, i.e. soon, e.g. now"),
        ("hi", "डॉ. शर्मा, श्री. वर्मा, श्रीमती. देवी और प्रो. गुप्ता आए"),
        ("hi", "बी.टेक. की डिग्री, एम.ए. पास, पी.एच.डी. की"),
        ("hi", "ए. पी. जे. अब्दुल कलाम और एस. के. शर्मा आए"),
        ("hi", "नं. 5, पृ. १२, रु. ५०० और 3 कि.मी. दूर"),
        ("mr", "डॉ. पाटील, सौ. जोशी, रु. ५००, क्र. ५ आणि ता. हवेली"),
        ("bn", "ডা. রায়, মোঃ রহিম, প্রো. সেন, নং. ৫ আর রু. ৫০০"),
        ("ta", "டாக்டர். ராம், திரு. குமார், எண். 5, ரூ. 500, எம்.ஏ. பட்டம்"),
        ("te", "డా. రావు, శ్రీ. రెడ్డి, రూ. 500, నం. 5, ఎస్. ఆర్. రావు"),
        ("gu", "ડૉ. શાહ, શ્રી. પટેલ, રૂ. ૫૦૦, નં. ૫, એમ. કે. ગાંધી"),
        ("kn", "ಡಾ. ರಾವ್, ಶ್ರೀ. ಗೌಡ, ರೂ. 500, ನಂ. 5, ಎಸ್. ಎಂ. ಕೃಷ್ಣ"),
        ("ml", "ഡോ. രാജൻ, ശ്രീ. നായർ, രൂ. 500, നം. 5, എം. ടി. വാസുദേവൻ"),
        ("pa", "ਡਾ. ਸਿੰਘ, ਪ੍ਰੋ. ਕੌਰ, ਰੁ. ੫੦੦, ਨੰ. ੫"),
        ("ur", "ڈاکٹر. احمد، ص. 5، اے۔ پی۔ جے۔ عبدالکلام"),
        ("ar", "د. أحمد و م. علي في ص. 5 من ج. 2"),
        ("es", "El Sr. Pérez y la Sra. Ruiz, núm. 3, pág. 5, p. ej. esto"),
        ("de", "Hr. Müller, Dr. Weiß, Nr. 5, Abb. 3, z. B. am 3. Oktober um 5 Uhr"),
        ("fr", "M. Dupont, Mme. Roy et Mlle. Petit, vol. 3, p. 7, fig. 2"),
    ],
)  # fmt: skip
def test_an_abbreviation_or_initial_ends_no_sentence(language: str, text: str) -> None:
    assert split(text, language) == [text]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["No. ", "I cannot. ", "Yes! ", "Why? ", "In 1980. ", "It was version 2. ", "Next"]),
        ("hi", ["नमस्ते! ", "आप कैसे हैं? ", "मैं ठीक हूँ।", "धन्यवाद। ", "फिर मिलेंगे"]),
        ("mr", ["नमस्कार. ", "तुम्ही कसे आहात? ", "मी ठीक आहे. ", "धन्यवाद"]),
        ("bn", ["নমস্কার। ", "আপনি কেমন আছেন? ", "ভালো আছি।", "ধন্যবাদ"]),
        ("ta", ["வணக்கம். ", "எப்படி இருக்கிறீர்கள்? ", "நலம். ", "நன்றி"]),
        ("te", ["నమస్కారం. ", "ఎలా ఉన్నారు? ", "బాగున్నాను. ", "ధన్యవాదాలు"]),
        ("gu", ["નમસ્તે. ", "તમે કેમ છો? ", "હું મજામાં છું. ", "આભાર"]),
        ("kn", ["ನಮಸ್ಕಾರ. ", "ಹೇಗಿದ್ದೀರಿ? ", "ಚೆನ್ನಾಗಿದ್ದೇನೆ. ", "ಧನ್ಯವಾದ"]),
        ("ml", ["നമസ്കാരം. ", "സുഖമാണോ? ", "സുഖമാണ്. ", "നന്ദി"]),
        ("pa", ["ਸਤ ਸ੍ਰੀ ਅਕਾਲ। ", "ਤੁਸੀਂ ਕਿਵੇਂ ਹੋ? ", "ਮੈਂ ਠੀਕ ਹਾਂ।", "ਧੰਨਵਾਦ"]),
        ("ur", ["سلام۔ ", "آپ کیسے ہیں؟ ", "میں ٹھیک ہوں۔ ", "شکریہ"]),
        ("ar", ["مرحبا. ", "كيف حالك؟ ", "أنا بخير. ", "شكرا"]),
        ("es", ["¡Hola! ", "¿Cómo estás? ", "Estoy bien. ", "Gracias"]),
        ("de", ["Hallo! ", "Wie geht es dir? ", "Mir geht es gut. ", "Danke"]),
        ("fr", ["Bonjour ! ", "Comment ça va ? ", "Ça va bien. ", "Merci"]),
        ("zh", ["你好！", "你好吗？", "我很好。", "谢谢"]),
        ("ja", ["こんにちは！", "お元気ですか？", "元気です。", "ありがとう"]),
        ("en", ["Great!😀 ", "Shall we? ", "😀 Yes."]),
        ("en", ["**Some bold.** ", "And *italic.* ", "Then."]),
        ("en", ["Wait... ", "What? ", "Hmm... ok."]),
        ("en", ["a text without any full stop, however long it gets and whoever reads it"]),
    ],
)  # fmt: skip
def test_sentences_end_where_the_language_ends_them(language: str, sentences: list[str]) -> None:
    assert split("".join(sentences), language) == sentences


@pytest.mark.parametrize(
    ("opened", "closed"),
    ["“”", "‘’", "«»", "»«", "„“", "「」", "『』", "《》", '""', "''", "()", "[]", "（）", "【】", "``", "‹›"],
)
@pytest.mark.parametrize(
    ("language", "form"),
    [
        ("en", "She said {}Stop! Now! Please!{} and left."),
        ("hi", "उसने कहा {}रुको! अभी। चलो!{} और चला गया।"),
        ("ta", "அவர் {}நில்! இப்போது. போ!{} என்றார்."),
        ("zh", "他说{}停！现在！走。{}然后离开了。"),
        ("ur", "اس نے کہا {}رکو! ابھی۔ چلو!{} اور چلا گیا۔"),
    ],
)
def test_a_quotation_and_a_bracket_are_never_cut(opened: str, closed: str, language: str, form: str) -> None:
    text = form.format(opened, closed)
    assert split(text, language) == [text]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize(
    "lines",
    [
        ["Apple", "Banana", "Orange"],
        ["सेब", "केला", "संतरा"],
        ["- milk", "- bread, 1.5 kg", "- eggs"],
        ["1. Open it", "2. Close it", "3. Go"],
        ["* Dr. Rao", "* Mr. Sen"],
        ["10", "20", "30"],
        ["A", "B", "C"],
        ["Shopping list:", "• Milk", "• Bread"],
        ["A title", "Text that follows it."],
    ],
)
def test_each_line_of_a_list_is_a_piece(lines: list[str], end: str) -> None:
    assert [piece.strip() for piece in split(end.join(lines), "en")] == lines


def test_a_line_that_was_wrapped_is_not_cut() -> None:
    text = "This is a line of prose that was wrapped by some\neditor somewhere."
    assert split(text, "en") == [text]


@pytest.mark.parametrize(
    "text",
    [
        'The 5" pipe is here. The 6" pipe too.',
        "Let 'em go. It's fine.",
        "I am sad :( Really. Yes.",
        "“Never closed. Then.",
    ],
)
def test_a_mark_without_a_partner_is_no_quotation(text: str) -> None:
    assert len(split(text, "en")) > 1
