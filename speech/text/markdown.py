"""A model's Markdown as it is to be spoken, while it still comes.

`markdown-it-py` reads what is inside a paragraph or a table; the lines are looked at here, because it reads whole texts
only, and a voice is not to wait for the end of a paragraph.
"""

from __future__ import annotations

import re

from django.conf import settings

from speech.text import inline_markdown as inline
from speech.text import raw_html
from speech.text.front_matter import FrontMatterFilter
from speech.text.reasoning import ReasoningFilter

# Characters that wait for the end of an emphasis or a link. Then they are spoken as they are.
LONGEST_HELD = 1_500

# Marks at the beginning of a line, until it is taken for text.
LONGEST_START = 200

_START = re.compile(r"[ \t]*(?:(?:>|(?:[-*+•:]|(?P<number>\d{1,9}[.)])|#{1,6})(?=[ \t]))[ \t]*)*(?:\[[ xX]\][ \t]+)?")
_UNCERTAIN = re.compile(r"[-*_=+#>|~`•:\d.)\s]*(?:\[[^\]]*(?:\]:?[ \t]*)?)?\Z")
_FENCE = re.compile(r"[ \t]*(?:>[ \t]*|[-*+][ \t]+)*(?P<marks>`{3,}(?=[^`]*\Z)|~{3,})")
_RULE = re.compile(r"[ \t>]*(?:(?:[-*_][ \t]*){3,}|-{2,}|=+)[ \t]*\Z")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\Z")
_ROW = re.compile(r"[ \t]*\|")
_DEFINITION = re.compile(r"[ \t]*\[[^\]]+\]:[ \t]*\S")
_FOOTNOTE = re.compile(r"[ \t]*\[\^[^\]]+\]:")
# Of the lines behind a footnote, those that begin a block of their own, and those that belong to it behind a blank one.
_BLOCK_START = re.compile(r"(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t]|[>|<]|```|~~~|(?:[-*_][ \t]*){3,}\Z|\[[^\]]+\]:")
_INDENTED = re.compile(r"[ \t]{2,}\S|\t")
# White space belongs to what comes next: a bar or a line's end takes it away.
_CERTAIN = re.compile(rf"(?s).*(?:\S(?=\s)|[{inline.ENDS}])")
_MAY_END = re.compile(rf"[\s{inline.ENDS}]")
# A block of another kind, as of Pandoc and Docusaurus.
_CONTAINER = re.compile(r"[ \t]*:{3,}")
# CommonMark's indented code, where no paragraph and no list can go on.
_CODE = re.compile(r" {0,3}(?: {4}|\t)[ \t]{0,200}[^ \t]")
_LIST = re.compile(r"[ \t>]*(?:[-*+•]|\d{1,9}[.)])[ \t]")
_HEADING = re.compile(r"[ \t>]*#{1,6}[ \t]")
_SILENT_LINES = (_RULE, _DELIMITER, _DEFINITION, _FOOTNOTE, _CONTAINER)
# Lines that are looked at when they have ended.
_WHOLE_LINES = (_FENCE, _DEFINITION, _ROW, _CONTAINER, raw_html.OPENING)


def speakable(markdown: str) -> str:
    """Return the whole text as it is to be spoken."""
    stream = MarkdownStream()
    return (stream.feed(markdown) + stream.finish()).strip()


class MarkdownStream:
    """Takes Markdown in parts of any length and gives the text to be spoken, each part as soon as it is certain."""

    def __init__(self) -> None:
        self._reasoning, self._front_matter = ReasoningFilter(), FrontMatterFilter()
        # A carriage return, to which a line feed may still come.
        self._return = ""
        # Pending part of the current line.
        self._line = ""
        # True if the prefix of the current line is parsed and the rest goes to `_text`.
        self._reading = False
        self._heading = False
        # The end of the current paragraph, which may hold something that is not complete.
        self._text = ""
        self._fence = ""
        # The name of the element whose end is waited for, and its lines, which are text if there is no end.
        self._raw, self._raw_lines = "", list[str]()
        # In a footnote: its last line.
        self._footnote: str | None = None
        self._header = self._delimiter = ""
        # Marks of quotation of the paragraph that may go on.
        self._quoted = 0
        # True if the last line was blank, or none; if a list, or indented code, may go on.
        self._blank, self._listed, self._code = True, False, False

    def feed(self, markdown: str) -> str:
        """Return the text that is certain by now."""
        return self._take(self._front_matter.feed(self._reasoning.feed(self._with_newlines(markdown))))

    def _with_newlines(self, text: str) -> str:
        """Return `text` with every line ending as a line feed, also one that comes in two parts."""
        text = self._return + text
        self._return = "\r" if text.endswith("\r") else ""
        return text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")

    def _take(self, markdown: str) -> str:
        said = []
        *lines, rest = markdown.split("\n")
        for line in lines:
            said.append(self._part(line))
            said.append(self._end_line())
        said.append(self._part(rest))
        return "".join(said)

    def finish(self) -> str:
        """Return the rest of the text."""
        said = self._take(self._front_matter.feed(self._reasoning.finish()) + self._front_matter.finish())
        said += self._end_line() if self._line or self._reading else ""
        said += self._unclosed_element()
        return (said + self._end_table() + self._flush()).rstrip()

    def _part(self, part: str) -> str:
        """Take a part of one line."""
        if self._reading:
            self._text += part
            return self._certain() if _MAY_END.search(part) else ""
        self._line += part
        is_held = self._fence or self._raw or self._footnote is not None or self._header or self._is_code(self._line)
        if is_held or self._is_uncertain() or any(each.match(self._line) for each in _WHOLE_LINES):
            return ""
        return self._begin_text()

    def _is_uncertain(self) -> bool:
        return len(self._line) <= LONGEST_START and any(
            each.match(self._line) for each in (_UNCERTAIN, raw_html.MAY_OPEN)
        )

    def _begin_text(self) -> str:
        start = _START.match(self._line)
        marks, text = (start[0], self._line[start.end() :]) if start else ("", self._line)
        number = start and start["number"]
        depth = marks.count(">")
        goes_on = bool(text.strip()) and 0 < depth <= self._quoted and not marks.strip(" \t>")
        said = self._flush() + "\n" if marks.strip() and not goes_on else ""
        self._heading = bool(_HEADING.match(marks))
        if marks.strip() and not goes_on:
            # The first line of an alert (`> [!NOTE]`) is its title.
            self._quoted = 0 if self._heading or not text.strip() or text.startswith("[!") else depth
        self._listed = bool(_LIST.match(marks)) or (self._listed and self._line[:1].isspace())
        self._blank = self._code = False
        self._text += f"{number} {text}" if number else text if self._text else text.lstrip()
        self._line, self._reading = "", True
        return said + self._certain()

    def _end_line(self) -> str:
        if self._reading:
            self._reading = False
            if self._heading:
                self._text = self._text.rstrip().rstrip("#")
                return self._flush() + "\n\n"
            self._text += "\n"
            return self._certain()
        line, self._line = self._line, ""
        return self._whole_line(line)

    def _whole_line(self, line: str) -> str:
        fence = _FENCE.match(line)
        if self._is_code(line):
            return self._code_line()
        quoted, self._quoted = self._quoted, 0
        self._blank = not line.strip()
        self._code = self._code and self._blank
        if self._fence:
            if fence and fence["marks"].startswith(self._fence) and not line[fence.end() :].strip():
                self._fence = ""
            return ""
        if self._raw:
            return self._raw_line(line)
        if self._continues_footnote(line):
            self._footnote = line
            return ""
        self._footnote = line if _FOOTNOTE.match(line) else None
        if self._header:
            return self._row(line)
        if opening := raw_html.OPENING.match(line):
            self._raw = opening["name"].lower()
            return self._flush() + "\n" + self._raw_line(line)
        if fence:
            self._fence = fence["marks"]
            return self._named_code()
        if not line.strip() or any(each.match(line) for each in _SILENT_LINES):
            return self._flush() + "\n\n"
        if _ROW.match(line):
            said = self._flush() + "\n"
            self._header = line
            return said
        self._line, self._quoted = line, quoted
        return self._begin_text() + self._end_line()

    def _is_code(self, line: str) -> bool:
        is_alone = not (self._fence or self._raw or self._header or self._listed) and self._footnote is None
        return is_alone and self._blank and bool(_CODE.match(line))

    def _code_line(self) -> str:
        begins, self._code = not self._code, True
        return self._named_code() if begins else ""

    def _named_code(self) -> str:
        named = settings.SPOKEN_CODE_BLOCK
        return self._flush() + "\n\n" + (f"{named}\n\n" if named else "")

    def _continues_footnote(self, line: str) -> bool:
        """GitHub's rule: an indented line does, and so does any line of a paragraph without a blank line before it."""
        if self._footnote is None:
            return False
        if not line.strip() or _INDENTED.match(line):
            return True
        return bool(self._footnote.strip()) and not _BLOCK_START.match(line.lstrip())

    def _raw_line(self, line: str) -> str:
        self._raw_lines.append(line)
        end = raw_html.closing_of(self._raw).search(line)
        if not end:
            return ""
        self._raw, self._raw_lines = "", []
        rest = line[end.end() :]
        return self._whole_line(rest) if rest.strip() else ""

    def _unclosed_element(self) -> str:
        """Return the content of an element without an end, which is a text about its tag."""
        lines, self._raw, self._raw_lines = self._raw_lines, "", []
        return "".join(
            self._whole_line(raw_html.TAG.sub("", line, count=1) if not at else line) for at, line in enumerate(lines)
        )

    def _row(self, line: str) -> str:
        """Take the line behind a line with bars: the second of a table, a further row, or the end of it."""
        if not self._delimiter and _DELIMITER.match(line) and inline.is_table(self._header, line):
            self._delimiter = line
            return _as_row(inline.cells(self._header, line))
        if self._delimiter and "|" in line:
            return _as_row(inline.cells(self._header, self._delimiter, line))
        return self._end_table() + self._whole_line(line)

    def _end_table(self) -> str:
        header, delimiter = self._header, self._delimiter
        self._header = self._delimiter = ""
        if delimiter:
            return "\n"
        return inline.spoken(header.strip().strip("|")) + "\n" if header else ""

    def _certain(self) -> str:
        """Take from `_text` what no later character can change."""
        match = _CERTAIN.match(self._text)
        if not match:
            return ""
        source = match[0]
        if not inline.MARKS.isdisjoint(source) and len(source) < LONGEST_HELD and not inline.is_balanced(source):
            return ""
        said = inline.spoken(source)
        if not said.strip() and len(source) < LONGEST_HELD:
            # The white space around what is not spoken belongs to what comes next.
            return ""
        self._text = self._text[match.end() :]
        return said

    def _flush(self) -> str:
        source, self._text = self._text, ""
        return inline.spoken(source)


def _as_row(cells: list[str]) -> str:
    return ", ".join(cell for cell in cells if cell.strip()) + "\n"
