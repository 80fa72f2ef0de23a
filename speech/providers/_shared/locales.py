"""The region that engines want with a language, where a request names none."""

from __future__ import annotations

from speech.text.languages import NAMES, primary, with_region

# Other languages than those of India whose usual region is not spelled as the language is (`fr-FR`).
_REGIONS = {
    "ar": "EG", "cs": "CZ", "da": "DK", "el": "GR", "en": "US", "et": "EE", "fa": "IR", "he": "IL", "ja": "JP",
    "ko": "KR", "ms": "MY", "ne": "NP", "pt": "BR", "si": "LK", "sl": "SI", "sq": "AL", "sr": "RS",
    "sv": "SE", "sw": "KE", "uk": "UA", "ur": "IN", "vi": "VN", "zh": "CN",
}  # fmt: skip


def locale(language: str) -> str:
    """Return a canonical tag with a region: `hi` is `hi-IN`, `fr` is `fr-FR`, `es-MX` stays."""
    code = primary(language)
    if code == "no":
        return "nb-NO"
    return with_region(language, _REGIONS.get(code) or ("IN" if code in NAMES else code.upper()))
