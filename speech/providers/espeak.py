"""espeak-ng: real speech with no key and no network, in 49 languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from caching.pricing.usage import Usage
from speech.audio.pcm import BYTES_PER_SAMPLE
from speech.exceptions import InvalidRequest
from speech.providers._shared import validation
from speech.providers._shared.espeak import engine
from speech.providers._shared.espeak.voices import NAMES, TAGS, VOICES, detect, unreadable_script
from speech.providers._shared.word_times.espeak import words_of
from speech.providers.base import BaseProvider, Speech, SpeechRequest, Voice, Word
from speech.text import ssml
from speech.text.languages import primary
from speech.text.packing import pack

_MODEL = "espeak-ng"
# Other timbres of each voice, asked for as `hi+f3`. espeak-ng ignores a name that it does not know.
_VARIANTS = tuple(f"{kind}{number}" for kind, most in (("f", 5), ("m", 8)) for number in range(1, most + 1))
_ALIASES = {
    "alloy": "+m3",
    "ash": "+m1",
    "ballad": "+m2",
    "cedar": "+m4",
    "coral": "+f1",
    "echo": "+m5",
    "fable": "+m6",
    "marin": "+f2",
    "nova": "+f3",
    "onyx": "+m7",
    "sage": "+f4",
    "shimmer": "+f5",
    "verse": "+m8",
}
_WORDS_PER_MINUTE = 175  # espeak-ng's default; it does not go below 80, which is a speed of 0.46
# The decimal and thousands separators of Arabic script.
_SEPARATORS = {0x066B: ".", 0x066C: ","}
_PRESENTATION_FORMS = re.compile("[\uff21-\uff3a\uff41-\uff5a\ufb00-\ufb17]")
# Seconds of all breaks in one text: each of them costs memory like sound.
_LONGEST_PAUSES = 60
# Characters in one process: about a minute of sound until the first is heard, then fewer processes.
_FIRST_PIECE, _PIECE = 1_000, 4_000


class Provider(BaseProvider):
    """A voice is named by its language, with or without a variant: `hi`, `en-us+m3`, or `+f1` for the text's own."""

    defaults = {
        "NG_BIN": "",
        "VOICE": "",
        "VOICE_ALIASES": "",
    }
    passes_models_on = False
    markup = TAGS
    does = frozenset({"speech"})
    times_words = True

    def prepare_speech(self, request: SpeechRequest) -> SpeechRequest:
        request = validation.tidy(self, replace(request, voice=request.voice or self.setting("VOICE")), _ALIASES)
        validation.refuse(self, model=request.model.removeprefix(_MODEL), instructions=request.instructions)
        validation.check_range("speed", request.speed, 0.25, 4)
        validation.check_range("pitch", request.pitch, -1, 1)
        if ssml.seconds_of_pauses(request.text) > _LONGEST_PAUSES:
            raise InvalidRequest(f"the breaks of text must not exceed {_LONGEST_PAUSES} s together", param="text")
        language = primary(request.language) or detect(request.text)
        if language not in NAMES:
            raise InvalidRequest(
                f"language must be one of {', '.join(sorted(NAMES))}, not {language!r}", param="language"
            )
        voice = self._full_name(request, language)
        if script := unreadable_script(request.text, primary(voice.partition("+")[0])):
            raise InvalidRequest(
                f"the voice {voice} of {self.name} cannot read {script} script", param="text", code="unreadable_script"
            )
        return replace(
            request,
            voice=voice,
            model=_MODEL,
            language=language,
            engine=f"{_MODEL} {self._engine.version}",
            timestamps=request.timestamps if self._engine.tells_words and not ssml.has_markup(request.text) else (),
        )

    def speak(self, request: SpeechRequest) -> Speech:
        return Speech(self._pieces(request), engine.SAMPLE_RATE)

    def models(self) -> list[str]:
        return [_MODEL]

    def voices(self) -> list[Voice]:
        return [Voice(id=name, name=_title(name), languages=(name.partition("-")[0],)) for name in sorted(VOICES)]

    @property
    def _engine(self) -> engine.Engine:
        return engine.find(self.setting("NG_BIN"))

    def _full_name(self, request: SpeechRequest, language: str) -> str:
        name, plus, variant = request.voice.partition("+")
        # BCP 47 has no Indian English voice to offer here: espeak-ng's own choice for en-IN is British.
        name = name or ("en-gb" if language == "en" else language)
        if name not in VOICES or (plus and variant not in _VARIANTS):
            own = [*sorted(VOICES), *(f"{voice}+{one}" for voice in ("hi", "en-us") for one in ("f3", "m1"))]
            raise validation.unknown_voice(self, request, own)
        return f"{name}{plus}{variant}"

    def _pieces(self, request: SpeechRequest) -> Iterator[bytes | Word | Usage]:
        """One process per piece: none is left behind when the consumer stops between two of them."""
        name, plus, variant = request.voice.partition("+")
        rate, pitch = round(_WORDS_PER_MINUTE * request.speed), round(50 + 50 * request.pitch)
        markup = ssml.has_markup(request.text)
        spoken = 0.0
        for piece in [request.text] if markup else _portions(request.text, request.language):
            said, how = _readable(piece), (VOICES[name] + plus + variant, rate, pitch)
            if request.timestamps:
                pcm, events = self._engine.speak_and_tell(said, *how)
                # Where nothing but digits was replaced the words are those that were written.
                yield from words_of(piece if len(piece) == len(said) else said, pcm, events, spoken)
                spoken += len(pcm) / BYTES_PER_SAMPLE / engine.SAMPLE_RATE
                yield pcm
            else:
                yield self._engine.speak(said, *how, markup)
        yield Usage(characters=len(request.text))


def _portions(text: str, language: str) -> list[str]:
    first = pack(text, language, _FIRST_PIECE)[0]
    rest = text.strip()[len(first) :]
    return [first, *pack(rest, language, _PIECE)] if rest.strip() else [first]


def _readable(text: str) -> str:
    """Return `text` in characters that every voice says.

    Urdu and Persian voices are silent at the digits of their own script; any voice spells wide letters and ligatures.
    """
    if text.isascii():
        return text
    text = _PRESENTATION_FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return re.sub(r"\d", lambda match: str(unicodedata.digit(match[0])), text).translate(_SEPARATORS)


def _title(name: str) -> str:
    language, _, region = name.partition("-")
    return f"{NAMES[language]} ({region.upper()})" if region else NAMES[language]
