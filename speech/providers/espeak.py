"""espeak-ng: real speech with no key and no network, in 52 languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caching.pricing.usage import Usage
from caching.redaction import remember
from speech.audio.loudness import is_silent_pcm
from speech.audio.pcm import BYTES_PER_SAMPLE
from speech.exceptions import InvalidRequest
from speech.providers._shared import validation
from speech.providers._shared.espeak import engine
from speech.providers._shared.espeak.markup import marked_up
from speech.providers._shared.espeak.parts import SpokenPart, parts_of
from speech.providers._shared.espeak.scripts import detect, unreadable_script
from speech.providers._shared.espeak.spelling import readable, said
from speech.providers._shared.espeak.voices import NAMES, TAGS, VOICES, voice_of
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
_WORDS_PER_MINUTE = 175  # espeak-ng's default
_SLOWEST = 0.46  # it does not go below 80 words a minute
# Bytes: of what it has no name for it makes 10 ms, and of no name less than 100.
_SHORTEST_SOUND = engine.SAMPLE_RATE * BYTES_PER_SAMPLE // 20
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
        model = validation.only_model(self, _MODEL, request.model, "speech")
        validation.refuse(self, instructions=request.instructions)
        validation.check_range("speed", request.speed, _SLOWEST, 4)
        validation.check_range("pitch", request.pitch, -1, 1)
        if ssml.seconds_of_pauses(request.text) > _LONGEST_PAUSES:
            raise InvalidRequest(f"the breaks of text must not exceed {_LONGEST_PAUSES} s together", param="text")
        text = readable(request.text)
        language = primary(request.language) or detect(text)
        if language not in NAMES:
            raise InvalidRequest(
                f"language must be one of {', '.join(sorted(NAMES))}, not {language!r}", param="language"
            )
        voice = self._full_name(request, language)
        text = said(text, _language_of(voice))
        self._check_readable(text, _language_of(voice))
        if not ssml.has_markup(text) and _may_be_silent(text):
            self._check_heard(text, voice)
        return replace(
            request,
            voice=voice,
            model=model,
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
        """Return voice and variant. A language that is asked for wins over that of a voice, which keeps its variant."""
        name, plus, variant = request.voice.lower().partition("+")
        if (name and name not in VOICES) or (plus and variant not in _VARIANTS):
            own = [*sorted(VOICES), *(f"{voice}+{one}" for voice in ("hi", "en-us") for one in ("f3", "m1"))]
            raise validation.unknown_voice(self, request, own)
        if not name or (request.language and primary(name) != language):
            name = voice_of(language)
        return f"{name}{plus}{variant}"

    def _check_readable(self, text: str, language: str) -> None:
        if script := unreadable_script(text, language):
            raise InvalidRequest(
                f"no voice of {self.name} reads {script} script", param="text", code="unreadable_script"
            )

    def _check_heard(self, text: str, voice: str) -> None:
        """Refuse signs, emoji and letters that the engine has no name for in the language of `voice`."""
        if _is_silent(self._engine, tuple(parts_of(text, _language_of(voice), voice))):
            raise validation.nothing_to_speak(f"{self.name} has no name for any sign of the text")

    def _pieces(self, request: SpeechRequest) -> Iterator[bytes | Word | Usage]:
        """Speak each piece in a process of its own: none is left behind when the consumer stops between two of them."""
        language = _language_of(request.voice)
        how = round(_WORDS_PER_MINUTE * request.speed), round(50 + 50 * request.pitch)
        markup = ssml.has_markup(request.text)
        spoken = 0.0
        for piece in [request.text] if markup else _portions(request.text, request.language):
            spelled = said(readable(piece), language)
            self._check_readable(spelled, language)
            if markup:
                yield self._engine.speak([marked_up(spelled, language, request.voice)], *how, ssml=True)
            elif request.timestamps:
                pcm, events = self._engine.speak_and_tell(parts_of(spelled, language, request.voice), *how)
                yield from words_of(piece, spelled, pcm, events, spoken)
                spoken += len(pcm) / BYTES_PER_SAMPLE / engine.SAMPLE_RATE
                yield pcm
            else:
                yield self._engine.speak(parts_of(spelled, language, request.voice), *how)
        yield Usage(characters=len(request.text))


def _may_be_silent(text: str) -> bool:
    """Tell if the engine may have no name for all of `text`: signs, or a letter of Thai or Burmese by itself."""
    return not any(map(str.isalnum, text)) or (len(text.strip()) == 1 and not text.isascii())


@remember(256)
def _is_silent(speaker: engine.Engine, parts: tuple[SpokenPart, ...]) -> bool:
    pcm = speaker.speak(parts, _WORDS_PER_MINUTE, 50)
    return len(pcm) < _SHORTEST_SOUND or is_silent_pcm(pcm)


def _language_of(voice: str) -> str:
    return primary(voice.partition("+")[0])


def _portions(text: str, language: str) -> list[str]:
    first = pack(text, language, _FIRST_PIECE)[0]
    rest = text.strip()[len(first) :]
    return [first, *pack(rest, language, _PIECE)] if rest.strip() else [first]


def _title(name: str) -> str:
    language, _, region = name.partition("-")
    return f"{NAMES[language]} ({region.upper()})" if region else NAMES[language]
