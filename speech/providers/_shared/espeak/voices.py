"""The languages that espeak-ng 1.51 and 1.52 speak."""

from __future__ import annotations

from speech.text import languages

# Beside the languages of `speech.text.languages`.
OTHERS = {
    "am": "Amharic", "ar": "Arabic", "as": "Assamese", "be": "Belarusian", "bg": "Bulgarian", "cs": "Czech",
    "da": "Danish", "de": "German", "el": "Greek", "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ka": "Georgian", "kk": "Kazakh", "ko": "Korean", "ms": "Malay", "my": "Burmese", "ne": "Nepali", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sd": "Sindhi",
    "si": "Sinhala", "sv": "Swedish", "sw": "Swahili", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

NAMES = {**languages.NAMES, **OTHERS}
# Our name of each voice, and the name that espeak-ng accepts for it.
VOICES = {
    "en-gb": "gmw/en",
    "en-us": "gmw/en-US",
    **{code: code for code in NAMES if code not in ("en", "no", "zh")},
    "no": "nb",
    "zh": "cmn",
}

# Those of SSML that it reads, by its documentation (docs/markup.md).
TAGS = (
    "speak", "voice", "prosody", "say-as", "mark", "s", "p", "phoneme", "sub", "emphasis", "break", "metadata", "lang",
)  # fmt: skip


def voice_of(language: str) -> str:
    """Return our name of the voice that speaks `language` where none is asked for."""
    # espeak-ng has no Indian English voice: its own choice for en-IN is the British one.
    return "en-gb" if language == "en" else language


def engine_name(voice: str) -> str:
    """Return espeak-ng's name for our `voice`, with its variant: `gmw/en-US+f3` for `en-us+f3`."""
    name, plus, variant = voice.partition("+")
    return VOICES[name] + plus + variant
