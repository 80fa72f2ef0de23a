from __future__ import annotations

import pytest

from speech.privacy.personal_text import has_figures, is_shareable

SHAREABLE = [
    "Hello! Thank you for calling.",
    "Good morning, how may I help you today?",
    "One moment please.",
    "Just give me one second.",
    "Is there anything else I can help you with?",
    "This call may be recorded for quality and training purposes.",
    "I have sent a one-time password to your registered mobile number.",
    "Do you want to continue?",
    "Please do so at the earliest.",
    "No one from the bank will ever ask for your PIN.",
    "I'm sorry, I didn't catch that.",
    "Could you say that one more time?",
    "Yes, that's right.",
    "What is your OTP?",
    "Have a great day ahead!",
    "As I said, I can help you with that.",
    "You may hear a short tone.",
    "नमस्ते! मैं आपकी क्या सहायता कर सकती हूँ?",
    "कृपया एक मिनट प्रतीक्षा करें।",
    "मैं आपको एक लिंक भेज रही हूँ।",
    "जी हाँ, बिल्कुल।",
    "क्या आप एक बार और बोल सकते हैं?",
    "आपका दिन शुभ हो।",
    "Ji haan, ek minute hold kijiye.",
    "Main aapke saath hoon.",
    "Kya main aapki aur koi madad kar sakti hoon?",
    "I can also give you OTP and PIN help in Hindi or English, if I may.",
    "“Sure, I can turn your Wi-Fi on.",
    "नमस्ते जी, बताइए।",
    "Haan ji, bataiye.",
    "Kya aap apna registered mobile number bata sakte hain?",
    "I can turn your Internet on.",
    "Your hotel is booked.",
    "Sure, I'm here.",
]

PRIVATE = [
    "Your balance is 500.",
    "Your code is ५६७८.",
    "The area is x².",
    "Take ½ a tablet.",
    "Press ① now.",
    "Chapter Ⅳ is next.",
    "You owe one hundred rupees.",
    "It costs that one rupee.",
    "Your code is one, two, three.",
    "Press one for English.",
    "Twenty-five people are waiting.",
    "He is third in the queue.",
    "It will take half an hour.",
    "The fee is $ and tax.",
    "You pay in ₹ only.",
    "The fee in Rs is known.",
    "Write to priya@example.com now.",
    "Write to priya at gmail dot com.",
    "Visit www dot example for more.",
    "Visit https://example.com/help.",
    "Go to example.com for more.",
    "Your booking is A B C.",
    "It starts with P Q.",
    "The code is A-B-C-D.",
    "It is alpha bravo charlie.",
    "B as in Bombay.",
    "Your reference is QWXZRT.",
    "Your visit is on Monday.",
    "It is due in January.",
    "It is due in May.",
    "The office opens at noon.",
    "Call +91 98xxx.",
    "आपके खाते में पाँच सौ रुपये हैं।",
    "आपके खाते में पांच सौ रुपये हैं।",
    "दो हज़ार रुपये जमा हुए।",
    "दो हजार रुपये जमा हुए।",
    "एक लाख रुपये जमा हुए।",
    "एक रुपया बाकी है।",
    "कल सुबह दस बजे आइए।",
    "आपकी बारी सोमवार को है।",
    "ए बी सी आपका कोड है।",
    "प्रिया एट द रेट जीमेल डॉट कॉम।",
    "Aapka balance paanch sau rupaye hai.",
    "Aap do baje aaiye.",
    "Aapko dedh lakh ka loan mila hai.",
    "Delivery saath rupaye ki hai.",
    "ek do teen",
    "Thank you, Ananya.",
    "Hello Priya!",
    "Thank you, Mr. D'Souza.",
    "Dr. Rao will see you.",
    "Thank you for calling Meridian Bank.",
    "धन्यवाद, सुनीता जी।",
    "डॉ. मेहता आपसे मिलेंगे।",
    "Namaste Imran ji.",
    "thank you sunita ji",
    "உங்கள் கணக்கில் ஐந்நூறு உள்ளது.",
]

# Each is refused by one rule alone: without it the sentence would be shared.
ONE_RULE = [
    "write to priya@mybank now.",
    "Open https://status/help now.",
    *(
        f"Go to mybank.{domain} for more."
        for domain in (["com", "in", "org", "net", "co", "io", "gov", "edu", "info", "ai", "app"])
    ),
    *(f"Write to priya {word} yahoo now." for word in ("at", "dot")),
    *(
        f"write to priya dot {word} now."
        for word in ["com", "in", "org", "net", "co", "gmail", "yahoo", "hotmail", "outlook"]
    ),
    "look at www mybank now.",
    "it is priya at the rate mybank.",
    "यह मेरीबैंक डॉट है।",
    "यह मेरीबैंक एट द रेट है।",
    "your code is a b c.",
    "your code is a-b-c.",
    "It is P Q.",
    "it is B as in ball.",
    "it is B for ball.",
    "your reference is QWXZRT.",
    *(f"the fee in {currency} is known." for currency in ("rs", "Rs", "INR", "USD", "EUR", "GBP")),
    "the fee is in ₹ only.",
    "thank you. Mr. Rao is here.",
    "thank you. Dr. Rao is here.",
    *(f"{title}. Rao is here." for title in ("Mr", "Mrs", "Ms", "Dr", "Prof", "Smt", "Shri")),
    "Thank you, Émile.",
    "thank you (Ananya",
    "thank you “Ananya",
    *(f"{title} मेहता आपसे मिलेंगी।" for title in ("श्री", "श्रीमती", "सुश्री", "डॉ", "डॉक्टर")),
    "धन्यवाद सुनीता जी।",
    "आपका कोड ए बी सी है।",
    "आपका कोड ए बी सी",
    "वे पाँच हैं।",
    "वे पांच हैं।",
    "it is hotel tango.",
    "it is hotel one moment tango.",
    "it costs that one rupee.",
]


# "One" that counts nothing.
ARTICLES = [
    *(
        f"one {word} if you like."
        for word in [
            *("moment", "second", "sec", "minute", "min", "more", "of", "last", "other", "another", "by one", "time"),
            *("thing", "quick", "question", "place"),
        ]
    ),
    *(
        f"it may be {words} one if you like."
        for words in [
            *("this", "that", "which", "no", "each", "every", "any", "another", "the right", "the same", "the wrong"),
            *("a new", "loved"),
        ]
    ),
    *(
        f"ek {words} dijiye."
        for words in [
            *("minute", "min", "second", "sec", "pal", "kshan", "baar", "bar", "aur", "aur baar", "sawaal", "sawal"),
            *("baat", "chhota sa", "chhoti si", "naya", "nayi", "nai", "link", "message", "otp", "sms", "call"),
        ]
    ),
    *(
        f"एक {words} दीजिए।"
        for words in [
            *("मिनट", "सेकंड", "सेकेंड", "पल", "क्षण", "बार", "और", "सवाल", "प्रश्न", "बात", "दूसरे", "साथ", "ही"),
            *("छोटा सा", "छोटी सी", "नया", "नई", "लिंक", "संदेश", "मैसेज", "ओटीपी", "कॉल", "शिकायत", "अनुरोध"),
        ]
    ),
]


@pytest.mark.parametrize("text", [*SHAREABLE, *ARTICLES])
def test_it_shares_what_anybody_may_be_told(text: str) -> None:
    assert is_shareable(text)


@pytest.mark.parametrize("text", PRIVATE)
def test_it_keeps_what_one_caller_is_told(text: str) -> None:
    assert not is_shareable(text)


@pytest.mark.parametrize("text", ONE_RULE)
def test_each_rule_is_enough(text: str) -> None:
    assert not is_shareable(text)


@pytest.mark.parametrize("digit", ["7", "७", "৭", "௭", "７", "⁷", "₇", "⑦", "七", "٧"])  # one script each
def test_it_knows_digits_of_any_script(digit: str) -> None:
    assert not is_shareable(f"Your seat is {digit}.")


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Your balance is 500.", True),
        ("Your balance is ५००.", True),
        ("The fee is $ and tax.", True),
        ("The fee in Rs is known.", True),
        ("Write to priya@mybank now.", True),
        ("यह मेरीबैंक एट द रेट है।", True),
        ("Your balance is five hundred.", False),
        ("Thank you, Ananya.", False),
        ("", False),
    ],
)
def test_it_tells_a_text_with_figures(text: str, figures: bool) -> None:
    assert has_figures(text) is figures


def test_it_is_not_deceived_by_invisible_joiners() -> None:
    assert not is_shareable("पाँ\u200dच रुपये")
