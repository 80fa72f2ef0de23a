"""The names of currencies that espeak-ng leaves out when they are written as signs."""

from __future__ import annotations

import re

# By sign, then by language: those in which version 1.52 says nothing for the sign. Under "*" is the name for any
# language that is not listed, of signs that the engine knows in none. A name is in the form that follows 500.
_NAMES: dict[str, dict[str, str]] = {
    "$": {
        "be": "долараў", "ja": "ドル", "kk": "доллар", "ko": "달러", "my": "ဒေါ်လာ", "th": "ดอลลาร์",
        "zh": "美元",
    },
    "€": {
        "am": "ዩሮ", "as": "ইউৰো", "be": "еўра", "bg": "евро", "bn": "ইউরো", "fa": "یورو",
        "gu": "યુરો", "he": "אירו", "hi": "यूरो", "hy": "եվրո", "id": "euro", "ja": "ユーロ",
        "ka": "ევრო", "kk": "еуро", "kn": "ಯೂರೋ", "ko": "유로", "ml": "യൂറോ", "mr": "युरो",
        "ms": "euro", "my": "ယူရို", "ne": "युरो", "no": "euro", "or": "ୟୁରୋ", "pa": "ਯੂਰੋ",
        "pl": "euro", "ru": "евро", "sd": "يورو", "si": "යුරෝ", "sw": "euro", "ta": "யூரோ",
        "te": "యూరోలు", "th": "ยูโร", "uk": "євро", "ur": "یورو", "vi": "euro", "zh": "欧元",
    },
    "£": {
        "am": "ፓውንድ", "as": "পাউণ্ড", "be": "фунтаў", "bg": "паунда", "bn": "পাউন্ড", "el": "λίρες",
        "fa": "پوند", "gu": "પાઉન્ડ", "he": "לירות", "hi": "पाउंड", "hu": "font", "hy": "ֆունտ",
        "ja": "ポンド", "ka": "ფუნტი", "kk": "фунт", "kn": "ಪೌಂಡ್", "ko": "파운드", "ml": "പൗണ്ട്",
        "mr": "पाउंड", "my": "ပေါင်", "ne": "पाउन्ड", "no": "pund", "or": "ପାଉଣ୍ଡ", "pa": "ਪੌਂਡ",
        "ro": "lire", "ru": "фунтов", "sd": "پائونڊ", "si": "පවුම්", "sv": "pund", "sw": "pauni",
        "ta": "பவுண்டு", "te": "పౌండ్లు", "th": "ปอนด์", "tr": "sterlin", "uk": "фунтів", "ur": "پاؤنڈ",
        "vi": "bảng", "zh": "英镑",
    },
    "¥": {
        "am": "የን", "as": "ইয়েন", "be": "ен", "bg": "йени", "bn": "ইয়েন", "el": "γιεν",
        "es": "yenes", "fa": "ین", "fi": "jeniä", "gu": "યેન", "he": "ין", "hi": "येन",
        "hu": "jen", "hy": "իեն", "id": "yen", "it": "yen", "ja": "えん", "ka": "იენი",
        "kk": "иен", "kn": "ಯೆನ್", "ko": "엔", "ml": "യെൻ", "mr": "येन", "ms": "yen",
        "my": "ယန်း", "ne": "येन", "no": "yen", "or": "ୟେନ୍", "pa": "ਯੇਨ", "ro": "yeni",
        "ru": "иен", "sd": "ين", "si": "යෙන්", "sv": "yen", "sw": "yeni", "ta": "யென்",
        "te": "యెన్", "th": "เยน", "tr": "yen", "uk": "єн", "ur": "ین", "vi": "yên",
        "zh": "元",
    },
    "₹": {
        "am": "ሩፒ", "ar": "روبية", "as": "টকা", "be": "рупій", "bg": "рупии", "bn": "টাকা",
        "da": "rupier", "el": "ρουπίες", "es": "rupias", "fa": "روپیه", "fi": "rupiaa", "fr": "roupies",
        "gu": "રૂપિયા", "he": "רופי", "hi": "रुपये", "hu": "rúpia", "hy": "ռուփի", "id": "rupee",
        "ja": "ルピー", "ka": "რუპია", "kk": "рупия", "kn": "ರೂಪಾಯಿ", "ko": "루피", "ml": "രൂപ",
        "mr": "रुपये", "ms": "rupee", "my": "ရူပီး", "ne": "रुपैयाँ", "no": "rupier", "or": "ଟଙ୍କା",
        "pa": "ਰੁਪਏ", "pl": "rupii", "pt": "rupias", "ro": "rupii", "ru": "рупий", "sd": "رپيا",
        "si": "රුපියල්", "sv": "rupier", "sw": "rupia", "te": "రూపాయలు", "th": "รูปี", "tr": "rupi",
        "uk": "рупій", "ur": "روپے", "vi": "rupi", "zh": "卢比",
    },
    "₩": {"ko": "원"},
    "৳": {"as": "টকা", "bn": "টাকা", "hi": "टका", "*": "taka"},
    "₽": {
        "ar": "روبل", "be": "рублёў", "bg": "рубли", "cs": "rublů", "da": "rubler", "de": "Rubel",
        "el": "ρούβλια", "es": "rublos", "fa": "روبل", "fi": "ruplaa", "fr": "roubles", "he": "רובל",
        "hi": "रूबल", "hy": "ռուբլի", "it": "rubli", "ja": "ルーブル", "ka": "რუბლი", "kk": "рубль",
        "ko": "루블", "nl": "roebel", "no": "rubler", "pl": "rubli", "pt": "rublos", "ru": "рублей",
        "sv": "rubel", "th": "รูเบิล", "tr": "ruble", "uk": "рублів", "vi": "rúp", "zh": "卢布",
        "*": "roubles",
    },
    "฿": {
        "hi": "बाट", "ja": "バーツ", "ko": "바트", "ru": "бат", "th": "บาท", "zh": "泰铢",
        "*": "baht",
    },
    "₺": {
        "ar": "ليرة", "bg": "лири", "el": "λίρες", "ru": "лир", "uk": "лір", "zh": "里拉",
        "*": "lira",
    },
    "₫": {
        "ja": "ドン", "ko": "동", "ru": "донгов", "vi": "đồng", "zh": "越南盾", "*": "dong",
    },
    "₴": {
        "bg": "гривни", "pl": "hrywien", "ru": "гривен", "uk": "гривень", "*": "hryvnias",
    },
    "₪": {"ar": "شيكل", "he": "שקלים", "ru": "шекелей", "*": "shekels"},
    "₦": {"*": "naira"},
    "₱": {"*": "pesos"},
    "₸": {"kk": "теңге", "ru": "тенге", "*": "tenge"},
    "₾": {"ka": "ლარი", "ru": "лари", "*": "lari"},
    "֏": {"hy": "դրամ", "ru": "драмов", "*": "drams"},
}  # fmt: skip
_SCALE = (
    "thousand|million|billion|trillion|lakhs?|crores?|हज़ार|हजार|लाख|करोड़|कोटी|লাখ|লক্ষ|কোটি|લાખ|કરોડ|ਲੱਖ|ਕਰੋੜ|"
    "ಲಕ್ಷ|ಕೋಟಿ|లక్షల?|కోట్లు?|ലക്ഷം|കോടി|لاکھ|کروڑ|тыс\\.?|млн|млрд|тисяч|тысяч|triệu|tỷ"
)
_SCALE_WITHOUT_SPACES = "ล้าน|万|亿|まん|만|억"
_SIGN = f"[{''.join(_NAMES)}]"
_PRICE = re.compile(
    rf"(?P<sign>{_SIGN})\s?(?P<amount>\d+(?:[.,]\d+)*(?:\s?(?:(?:{_SCALE})(?!\w)|{_SCALE_WITHOUT_SPACES}))?)"
    rf"|(?P<lone>{_SIGN})"
)


def with_names(text: str, language: str) -> str:
    """Return `text` with the name of each currency, after its amount, where a voice of `language` omits the sign."""

    def named(price: re.Match[str]) -> str:
        names = _NAMES[price["sign"] or price["lone"]]
        name = names.get(language) or names.get("*")
        if not name:
            return price[0]
        words = f"{price['amount']} {name}" if price["amount"] else name
        before, after = text[max(price.start() - 1, 0) : price.start()], text[price.end() : price.end() + 1]
        return " " * before.isalnum() + words + " " * after.isalnum()

    return _PRICE.sub(named, text)
