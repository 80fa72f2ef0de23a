from __future__ import annotations

import pytest

from speech.exceptions import InvalidRequest
from speech.services.voice_turn import _errors_of_speech


@pytest.mark.parametrize(
    ("param", "message", "named", "told"),
    [
        ("text", "text must not be empty", "voice", "text must not be empty"),
        ("model", "model of espeak must be espeak-ng", "tts_model", "tts_model of espeak must be espeak-ng"),
        ("voice", "voice must be one of en, de", "voice", "voice must be one of en, de"),
    ],
)
def test_errors_of_speech_name_fields_of_the_turn_and_a_text_is_the_fault_of_its_voice(
    param: str, message: str, named: str, told: str
) -> None:
    with pytest.raises(InvalidRequest) as caught, _errors_of_speech():
        raise InvalidRequest(message, param=param)
    assert (caught.value.param, caught.value.message) == (named, told)
