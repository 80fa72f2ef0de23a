"""The characters that end a sentence, in every script."""

from __future__ import annotations

# Unicode 16.0, PropList.txt, Sentence_Terminal of the Basic Multilingual Plane; not 104A, Burmese's comma. Added are
# … (2026), the shads of Tibetan (0F0D to 0F12) and Hebrew's sof pasuq (05C3).
_RANGES = """
    0021 002E 003F 0589 05C3 061D-061F 06D4 0700-0702 07F9 0837 0839 083D-083E 0964-0965 0F0D-0F12 104B 1362 1367-1368
    166E 1735-1736 17D4-17D5 1803 1809 1944-1945 1AA8-1AAB 1B4E-1B4F 1B5A-1B5B 1B5E-1B5F 1B7D-1B7F 1C3B-1C3C 1C7E-1C7F
    2026 203C-203D 2047-2049 2E2E 2E3C 2E53-2E54 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9
    AA5D-AA5F AAF0-AAF1 ABEB FE12 FE15-FE16 FE52 FE56-FE57 FF01 FF0E FF1F FF61
"""


def _expanded(ranges: str) -> str:
    pairs = (each.partition("-") for each in ranges.split())
    return "".join(chr(code) for first, _, last in pairs for code in range(int(first, 16), int(last or first, 16) + 1))


TERMINALS = _expanded(_RANGES)

# Letters, as characters of a pattern.
GREEK = "\u0370-\u037d\u0386-\u03ff\u1f00-\u1fff"
_ARMENIAN = "\u0531-\u0587"
OF_INDIA = "\u0900-\u0963\u0971-\u09e3\u09f0-\u09f1\u0a00-\u0dff"
ETHIOPIC = "\u1200-\u135a"

# Marks that are terminals behind the words of one script: the question mark of Greek, and what is typed for a full
# stop that keyboards lack: a colon in Armenian, two colons or word spaces in Amharic, a bar or the numerator ৷ in the
# scripts of India. A single Greek letter is a variable ("the angle α; the angle β").
OF_ONE_SCRIPT = ";\u037e:\u1361|\u09f7"
OF_ONE_SCRIPT_PATTERN = (
    rf"(?<=[{GREEK}]{{2}})[;\u037e]|(?<=[{GREEK}]{{2}}[\u0300-\u0345])[;\u037e]|(?<=[{_ARMENIAN}]):"
    rf"|(?<=[{ETHIOPIC}]:):|(?<=[{ETHIOPIC}]\u1361)\u1361"
    rf"|(?<=[{OF_INDIA}])[|\u09f7]|(?<=[{OF_INDIA}] )\||(?<=[{OF_INDIA}]\|)\|"
)
