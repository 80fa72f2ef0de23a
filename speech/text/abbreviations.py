"""Abbreviations that end in a full stop and do not end a sentence, by what may follow them.

`sentencex` knows many, for some languages. These are the ones that it (1.0.32) takes for the end of a sentence.
Texts mix languages, so all of them hold in every text.
"""

from __future__ import annotations

import re
import unicodedata

# Before a name or number: a sentence never ends after them.
_TITLES = """
    ms mx smt km kum sh shri tmt thiru rs re pt adv er lt dy jt govt regd opp nr ar dr mr mrs prof rev hon messrs
    incl excl addl distt vill natl intl a/c c/o s/o w/o d/o
    sr sra srta sres dña dra profa lic arq ud uds vd vds avda izq dcha dpto
    mm mme mmes mlle mlles mgr pr st ste sto sta
    hr frl bzw vgl evtl ggf inkl exkl zzgl
    dhr mevr mw sn bkz krş örn doç yrd uzm öğr arş cad mah av str dl dna dnul dnei
    jl jln yth bw bi tp ts ths pgs gs bs
    פרופ ופרופ לפרופ שפרופ גב רח שד מס עמ טל ดร นพ พญ ศ รศ ผศ රු
    डॉ डा डाॅ श्री श्रीमती सुश्री कु प्रो प्रा पं रु रू नं क्र सं मो पृ उदा इंजी स्व मि सौ चि ॲड अॅड अधि न्या कै ता जि मु पो लि कं फ़ो फो दू
    ডা ড ডঃ মোঃ মো মোসাঃ মোছাঃ মি প্রো প্রফে নং রু পৃ ইঞ্জি অ্যাড লি খ্রি
    ડૉ ડો શ્રી શ્રીમતી સુશ્રી કુ પ્રો રૂ રુ નં પૃ ક્ર તા જિ મો લિ સ્વ પં
    ਡਾ ਸ਼੍ਰੀ ਸ੍ਰੀ ਸ਼੍ਰੀਮਤੀ ਸ੍ਰੀਮਤੀ ਪ੍ਰੋ ਰੁ ਰੂ ਨੰ ਪੰ ਸਃ ਮਿ ਗਿ
    ଡା ଡଃ ଡ଼ ଶ୍ରୀ ଶ୍ରୀମତୀ ପ୍ରଫେ ନଂ ଟ
    டாக்டர் டாக் ரூ திரு திருமதி செல்வி எண் பக் பேரா முனைவர்
    డా రూ శ్రీ శ్రీమతి నం ప్రొ కు చి పే
    ಡಾ ರೂ ಶ್ರೀ ಶ್ರೀಮತಿ ನಂ ಪ್ರೊ ಕು ಪು ಸಂ
    ഡോ രൂ ശ്രീ ശ്രീമതി നം പ്രൊ പ്രഫ അഡ്വ പേ
    ڈاکٹر مسٹر مسز پروفیسر مولانا دكتور دكتورة رقم هـ
    напр т.е т.н т.нар т.зв г-н г-жа д-р св обл оз просп пл ср δηλ βλ κεφ κος κα δρ καθ αγ οδ λεωφ πλ τηλ σελ αρ εικ
"""

# Before a figure or a small letter ("Vol. 3", "max. speed"); elsewhere most of them may end a sentence.
_BEFORE_FIGURES = """
    no nos vol ex amt std max min tel ph mob extn apt acct appt approx qty ch chap sec fig figs eq ref pg pp para art
    cap núm núms pág págs máx mín aprox ed num tél env éd nr abb bd kap abs str ca
    avg misc orig subj encl dtd chq inv prev pymt mfr blk rm lvl div resp pkt doz ltr gm yr wk tbsp tsp
    vb vs kb stb itd itp ok mis mf np
    pag pagg cfr lb lbs oz sq cu hr hrs min mins sec secs wt ht temp sect cl dept bldg est boul
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun
    धा अनु खं अध्या भा тел рис табл гл
"""

# In texts of one language: in others some of them are words. With a capital here they are words in small letters; those
# with a # stand before figures and small letters.
_OF_LANGUAGES = {
    "cs": "mj tř", "da": "bl.a cand jf kl mag", "de": "Bhf Hrsg Jh geb max med nat phil Dr.med Dr.phil Dr.rer.nat",
    "en": "atty rte", "es": "Col Edo ed", "fi": "ent mt ns tri", "fr": "Me bd", "hr": "br# gđa npr sl# sv tj tzv ul",
    "hu": "bp gr ifj old# szt sz# vö ún özv", "id": "Ir a.n bpk d.a gg hj hlm kab kec kel sdr tlp",
    "ms": "Cik En Kg Pn hj hlm jln tmn", "nl": "afb d.w.z mw o.a", "no": "bl.a dvs f.eks jf kl stk",
    "pl": "al gen godz hab inż ks m.in os pl por rozdz ryc tj św", "pt": "Al Rod pç r", "ro": "ap# bd bl# dl et# ex",
    "sk": "mj t.j tj", "sv": "bl.a dvs jfr kl t.ex ex", "sw": "dkt mh uk#", "tr": "Apt Sok alm yy", "vi": "ks tr# đ",
}  # fmt: skip

# Words of their own in small letters: "the sun. 3 people".
_CAPITALIZED = """
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun ar re er km
    mw sn av dl bi tp ts gs bs mis
"""

# `sentencex` takes them for abbreviations before a capital letter too, where they are words: "No. I cannot.".
_WORDS = ("no", "No", "NO", "bien", "Bien", "me", "may", "May", "mar", "art", "mag", "ok", "Ok", "OK", "con", "pro")
_ENDS_BEFORE_CAPITAL = ("etc",)

# English letters as the scripts of India and Urdu spell them: initials.
_LETTER_NAMES = """
    ए बी सी डी ई जी जे के ओ पी टी यू वी एच एफ एफ़ एल एम एन आर एस आई क्यू डब्ल्यू एक्स वाई वाय ज़ेड जेड झेड
    এ বি সি ডি ই জি জে কে ও পি টি ভি এফ এইচ আই এল এম এন কিউ আর এস ইউ ডব্লিউ এক্স ওয়াই জেড
    એ બી સી ડી ઈ જી જે કે ઓ પી ટી યુ વી એચ એફ એલ એમ એન આર એસ આઈ ક્યુ ક્યૂ ડબલ્યુ ડબ્લ્યુ એક્સ વાય વાઈ ઝેડ
    ਏ ਬੀ ਸੀ ਡੀ ਈ ਜੀ ਜੇ ਕੇ ਓ ਪੀ ਟੀ ਯੂ ਵੀ ਐਚ ਐੱਚ ਐਫ ਐੱਫ ਐਲ ਐੱਲ ਐਮ ਐੱਮ ਐਨ ਐੱਨ ਆਰ ਐਸ ਐੱਸ ਆਈ ਕਿਊ ਡਬਲਯੂ ਐਕਸ ਵਾਈ ਜ਼ੈੱਡ
    اے بی سی ڈی ای ایف جی ایچ جے کے ایل ایم این پی کیو آر ایس ٹی وی ڈبلیو ایکس وائی زیڈ
    ଏ ବି ସି ଡି ଇ ଜି ଜେ କେ ଓ ପି ଟି ଭି ଏଚ୍ ଏଫ୍ ଏଲ୍ ଏମ୍ ଏନ୍ ଆର୍ ଏସ୍ ଆଇ
    எஃப் எச் எல் எம் என் ஆர் எஸ் கியூ டபிள்யூ எக்ஸ் ஒய் இசட்
    ఏ బి బీ సి సీ డి డీ ఇ ఈ జి జీ జే కే ఓ పి పీ టి టీ యు యూ వి వీ హెచ్ ఎఫ్ ఎల్ ఎం ఎమ్ ఎన్ ఆర్ ఎస్ క్యూ డబ్ల్యు డబ్ల్యూ ఎక్స్ జెడ్
    ಎ ಏ ಬಿ ಸಿ ಡಿ ಇ ಜಿ ಜೆ ಕೆ ಓ ಪಿ ಟಿ ಯು ವಿ ಎಚ್ ಹೆಚ್ ಎಫ್ ಎಲ್ ಎಂ ಎಮ್ ಎನ್ ಆರ್ ಎಸ್ ಕ್ಯು ಕ್ಯೂ ಡಬ್ಲ್ಯು ಡಬ್ಲ್ಯೂ ಎಕ್ಸ್ ಜೆಡ್
    බී සී ඩී ඊ එෆ් ජී එච් අයි ජේ කේ එල් එම් එන් ඕ පී කිව් ආර් එස් ටී යූ ඩබ්ලිව් එක්ස් වයි
    എ ബി സി ഡി ഇ ജി ജെ കെ ഒ പി ടി യു വി എച്ച് എഫ് എൽ എം എൻ ആർ എസ് ക്യു ഡബ്ല്യു എക്സ് സെഡ്
"""

# Words; any other single syllable of a script of India is the initial of a name ("पु. ल. देशपांडे").
_ONE_SYLLABLE = """
    है हैं हो हूँ हूं था थी थे थीं ना ने हाँ हां जा जी भी ही तो सो दी दो ली लो ले दे रे की का के को से में मैं मी तू तुम ती ते ये या वे
    पी खा घे छः छे गा गे गी नौ सौ सा जो
    না হ্যাঁ যা যে দে দি নে নি সে কী কি তা তো হে হা মা বা গো
    છે છો છું હા ના હું તે જા દે લે બે શું જી તો ને કે સો નો
    ਹੈ ਹੋ ਹਾਂ ਨਾ ਜਾ ਦੇ ਦੋ ਲੈ ਲੋ ਕੀ ਸੀ ਸਨ ਜੀ ਵੀ ਹੀ ਤੇ ਤੂੰ ਨੇ
    ହେ ହଁ ନା ଯା ଦେ ନେ
    நீ வா போ தா வை தை பூ தீ கை
    రా పో నా నీ తా లే వా లో కు తో
    ಬಾ ಹೋ ನಾ ನೀ ತಾ
    വാ പോ നീ താ ഹേ ൽ
    නෑ ඒ මේ මා යි ය ද හා නේ වේ වී බෑ කෑ
"""

TITLES, BEFORE_FIGURES, CAPITALIZED, LETTER_NAMES, WORDS_OF_ONE_SYLLABLE = (
    frozenset(unicodedata.normalize("NFC", names).split())
    for names in (_TITLES, _BEFORE_FIGURES, _CAPITALIZED, _LETTER_NAMES, _ONE_SYLLABLE)
)

_OF_LANGUAGE = {code: frozenset(unicodedata.normalize("NFC", names).split()) for code, names in _OF_LANGUAGES.items()}

# Of a script without capitals: from Hebrew to Sinhala, consonants of Lao and Khmer, Ethiopic, and of Thai, whose words
# have vowels, up to four ("กทม.").
_LETTER = re.compile(r"[\u05d0-\u0d79\u0d80-\u0dff\u0e81-\u0eae\u1200-\u135a\u1780-\u17a2]|[\u0e01-\u0e2e]{1,4}")
_OF_INDIA = re.compile(r"[\u0900-\u0d79\u0d80-\u0dff]+")
# "J.-P.", "Dipl.-Ing.", "C.-à-d."
_HYPHENATED = re.compile(r"(?:[^\W\d_]{1,5}\.-)+[^\W\d_][\w-]{0,4}")
# The end of a host, a file or a path, which is no abbreviation.
_ADDRESS = re.compile(r"\S*(?://|@|[/\\])\S*|(?:\S*[.-])?\w{2,}\.[a-z]{2,6}")
_ACRONYM = re.compile(r"(?:[^\W\d_][^\W_]*[\u0300-\u0dff]*\.)+[^\W\d_][^.]*")
_FIGURE_SIGNS = frozenset("₹$€£¥#+-−~<=")
_MARKS = frozenset(["Mn", "Mc", "Cf"])


def may_end_sentence(word: str, following: str, language: str = "") -> bool | None:
    """Tell if a full stop between `word` and a space before the character `following` can end a sentence.

    None: nothing here says so.
    """
    word = unicodedata.normalize("NFC", word)
    small = word.lower()
    named = word != small or small not in CAPITALIZED
    before_figure_or_small = following.isdigit() or following.islower() or following in _FIGURE_SIGNS
    if (small in TITLES and named) or _ends_in_title(word) or is_initial(word):
        return False
    if _is_small_letter(word) or _HYPHENATED.fullmatch(word):
        return False
    of_language = _OF_LANGUAGE.get(language, ())
    # In German a capital makes it another word: "Das ist Max. Er kommt."
    if word in of_language or (small in of_language and language != "de"):
        return False
    if f"{small}#" in of_language and before_figure_or_small:
        return False
    if small in BEFORE_FIGURES and named and before_figure_or_small:
        return False
    if word in _WORDS or word in WORDS_OF_ONE_SYLLABLE:
        return True
    if following.isupper() and (small in _ENDS_BEFORE_CAPITAL or _ADDRESS.fullmatch(word)):
        return True
    if _ACRONYM.fullmatch(word):
        return None if following.isupper() else False
    return None


def _ends_in_title(word: str) -> bool:
    """Tell if `word` is several titles: "Prof.Dr", "PGS.TS"."""
    first, _, last = word.rpartition(".")
    return bool(first) and last[:1].isupper() and last.lower() in TITLES


def _is_small_letter(word: str) -> bool:
    """Tell if `word` is that of "a. m.", "v. Chr." or "s. XIX"."""
    return len(word) == 1 and word.islower()


def is_initial(word: str) -> bool:
    """Tell if `word` is an initial in a script without capitals."""
    word = unicodedata.normalize("NFC", word)
    if word in LETTER_NAMES or _LETTER.fullmatch(word):
        return True
    letters = sum(unicodedata.category(letter) not in _MARKS for letter in word)
    return letters == 1 and bool(_OF_INDIA.fullmatch(word)) and word not in WORDS_OF_ONE_SYLLABLE
