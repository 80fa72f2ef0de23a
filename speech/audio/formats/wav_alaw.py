from __future__ import annotations

from speech.audio import g711
from speech.audio.formats._g711 import G711Codec


class Codec(G711Codec):
    law = g711.ALAW
    in_wav = True
