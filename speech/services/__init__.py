"""Use cases, which combine cache and providers and know no HTTP; further ones are modules of this package."""

from speech.services.chat_completions import ChatResult as ChatResult
from speech.services.chat_completions import answer as answer
from speech.services.chat_completions import chat as chat
from speech.services.chat_completions import stream_answer as stream_answer
from speech.services.speech_synthesis import SpeechResult as SpeechResult
from speech.services.speech_synthesis import speak as speak
from speech.services.speech_synthesis import synthesize as synthesize
from speech.services.voice_turn import SpokenTurn as SpokenTurn
from speech.services.voice_turn import TurnOptions as TurnOptions
from speech.services.voice_turn import converse as converse
