"""Options of each of Sarvam's speech models: facts of the API reference in the `sarvamai` SDK, version 0.1.39."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_V2 = "anushka manisha vidya arya abhilash karun hitesh"
_V3 = (
    "shubh aditya ritu priya neha rahul pooja rohan simran kavya amit dev ishita shreya ratan varun manan sumit roopa "
    "kabir aayan ashutosh advait anand tanya tarun sunny mani gokul vijay shruti suhani mohit kavitha rehan soham "
    "rupali"
)
# `name_language_style`. There are over 200 of them, and more come; the API has the last word.
_PERSONA = r"[a-z]+_[a-z]{2,4}_[a-z_]+"


@dataclass(frozen=True, slots=True)
class SpeechModel:
    speaker: str = ""
    """The default speaker."""
    speakers: tuple[str, ...] = ()
    """All of them, or none when they are too many to list."""
    pattern: str = r"[a-z0-9_-]+"
    """Form of a speaker's name if `speakers` is empty."""
    limit: int = 1_500
    """Characters in one request."""
    pace: tuple[float, float] = (0.5, 2.0)
    pitch: float = 0.0
    """The furthest from 0 that it takes; 0 when it takes none."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """OpenAI's voice names, each with a speaker of this model."""

    def has(self, speaker: str) -> bool:
        return speaker in self.speakers if self.speakers else bool(re.fullmatch(self.pattern, speaker))

    def named(self, speaker: str) -> str:
        """Return a speaker's name as the API spells it, however a client does: `Ritu` as it is shown to people."""
        name = speaker.lower().replace(" ", "_")
        return name if name in self.speakers else speaker


MODELS = {
    "bulbul:v3": SpeechModel(
        speaker="shubh",
        speakers=tuple(_V3.split()),
        limit=2_500,
        aliases={
            "alloy": "shubh",
            "ash": "rahul",
            "ballad": "kabir",
            "cedar": "sumit",
            "coral": "priya",
            "echo": "amit",
            "fable": "ratan",
            "marin": "neha",
            "nova": "ritu",
            "onyx": "dev",
            "sage": "kavya",
            "shimmer": "simran",
            "verse": "rohan",
        },
    ),
    "bulbul:v4-flash": SpeechModel(
        speaker="shubh_enhi_ads",
        pattern=_PERSONA,
        limit=2_500,
        aliases={
            "alloy": "shubh_enhi_companion",
            "ash": "rahul_hi_conversational",
            "ballad": "kabir_hi_conversational",
            "cedar": "sumit_hi_conversational",
            "coral": "ishita_enhi_companion",
            "echo": "amit_hi_conversational",
            "fable": "shubh_enhi_ads",
            "marin": "sanchita_enhi_companion",
            "nova": "shalini_enhi_companion",
            "onyx": "sunny_enhi_customer",
            "sage": "ishita_enhi_customer",
            "shimmer": "simran_enhi_companion",
            "verse": "manan_hi_conversational",
        },
    ),
    "bulbul:v2": SpeechModel(
        speaker="anushka",
        speakers=tuple(_V2.split()),
        limit=1_500,
        pace=(0.3, 3.0),
        pitch=0.75,
        aliases={
            "alloy": "abhilash",
            "ash": "karun",
            "ballad": "hitesh",
            "cedar": "abhilash",
            "coral": "manisha",
            "echo": "karun",
            "fable": "hitesh",
            "marin": "vidya",
            "nova": "anushka",
            "onyx": "abhilash",
            "sage": "arya",
            "shimmer": "vidya",
            "verse": "karun",
        },
    ),
}

_DEFAULT = MODELS["bulbul:v3"]
# A model that is newer than this file gets the narrowest limits, and the speakers of the default model.
UNKNOWN = SpeechModel(speaker=_DEFAULT.speaker, aliases=_DEFAULT.aliases)

# The speakers of bulbul:v1, which the API no longer has, each with the OpenAI voice whose speaker speaks for it.
RETIRED = {
    "amartya": "ash", "amol": "echo", "arjun": "cedar", "arvind": "onyx", "diya": "shimmer", "maitreyi": "sage",
    "maya": "marin", "meera": "nova", "misha": "marin", "neel": "fable", "pavithra": "coral", "vian": "verse",
}  # fmt: skip
