from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.text.markdown import MarkdownStream, speakable
from speech.text.sentences import split

PAGE = """# The **Plan** of 2026

Some **bold text.** And *italic. Two sentences.* Use `foo.bar()` and ~~old~~ new.
See [the page](https://example.com/a_b?c=d) and ![a cat](cat.png). It is 5 * 3 of snake_case.

- one **item**
- two 😀
  - nested [link](x)
- [x] done
1. First. With two.
2. Second

---

| Name | Price |
|------|------:|
| Apple | **5.50** |
| Pear | `7` |

> Quoted *text* here.

```python
print("never **spoken**. Not this")
```
Title
=====
आलू **१.५ किलो** लें। Then go.
"""
SPOKEN = [
    "The Plan of 2026", "Some bold text.", "And italic.", "Two sentences.", "Use foo.bar() and old new.",
    "See the page and a cat.", "It is 5 * 3 of snake_case.", "one item", "two", "nested link", "done",
    "1. First.", "With two.", "2. Second", "Name, Price", "Apple, 5.50", "Pear, 7", "Quoted text here.", "Code block.",
    "Title", "आलू १.५ किलो लें।", "Then go.",
]  # fmt: skip
WORDS = [
    *("**", "```", "Word ", "हाँ। ", "[a](b)", "| a | b |\n", "|---|---|\n", "\n\n", "- ", "1. ", "==", "~a~", ":b:"),
    *("$x^2$", "$", "\\(", "\\)", "\\[", "\\]", "<think>", "</think>", "<script>", "</script>", "<!--", "-->", "<k>"),
    *("[1]", "[2, 3]", "[1](b)", "[[1]](b)", "【4:0†b】", "\ue200a\ue201", "。"),
    *("[^1]: Note ", "[^1]", "    more\n", "---\n", "title: x\n", "[[a|b]]", "\r\n", "\r"),
]
PARTS = st.lists(st.sampled_from([*"*_`~#[]()<>|\\!-=+\n a1é😀", *WORDS]), max_size=60).map("".join)


def in_parts(text: str, size: int) -> str:
    stream = MarkdownStream()
    said = "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size))
    return (said + stream.finish()).strip()


def test_a_page_is_spoken_without_its_marks() -> None:
    assert [sentence.strip() for sentence in split(speakable(PAGE), "en")] == SPOKEN


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 50])
def test_a_stream_says_the_same_as_the_whole(size: int) -> None:
    assert in_parts(PAGE, size) == speakable(PAGE)


@pytest.mark.parametrize(
    ("markdown", "spoken"),
    [
        ("2*3*4 is 24.", "2×3×4 is 24."),
        ("Say **bold** and `code`.", "Say bold and code."),
        ("This is **very** good", "This is very good"),
        ("***both*** and __strong__ and _it_", "both and strong and it"),
        ("## Heading ##", "Heading"),
        ("Plan ## B * one * two", "Plan B one two"),
        ("Never **closed. Then.", "Never closed. Then."),
        ("a < b & c > d &amp; e", "a < b & c > d & e"),
        ("<b>bold</b> and <break time='1s'/> that", "bold and  that"),
        ("see <https://example.com> now", "see https://example.com now"),
        ("[text][ref] and note[^1]\n\n[ref]: https://example.com", "text and note"),
        ("\\*not emphasis\\*", "not emphasis"),
        ("Press 1️⃣ 👩‍💻 now", "Press 1  now"),
        ("क्\u200dष stays", "क्\u200dष stays"),
        ("`x = y * z`, `__init__` and ``a ` b``", "x = y * z, __init__ and a ` b"),
        ("2**10 and 5*6", "2^10 and 5×6"),
        ("H~2~O, ~old~ and ==new== if a == b, ~5 km", "H2O, old and new if a == b, ~5 km"),
        ("Hi :smile: at 10:30:45 :+1:", "Hi  at 10:30:45"),
        ("<mailto:a@b.com>", "a@b.com"),
        ("<ul><li>One</li><li>Two</li></ul><p>Three<hr>four</p>", "One\n\nTwo\n\n\nThree\nfour"),
        ("<td>1</td><td>2</td>", "1  2"),
        ("> [!NOTE]\n> Careful.", "NOTE.\n\nCareful."),
        ("> One line\n> goes on\nand on\n> and on.", "One line\ngoes on\nand on\nand on."),
        ("> One\n>\n> Two", "One\n\n\n\nTwo"),
        ("> One\n> > Two\n> three", "One\n\nTwo\nthree"),
        ("> # Plan\n> Hi", "Plan\n\n\nHi"),
        ("One\n> Two", "One\n\nTwo"),
        ("Do:\n\n    a = 1\n\n\tb = 2\n\nDone.", "Do:\n\n\n\n\nCode block.\n\n\n\n\n\nDone."),
        ("Do\n    go on.", "Do\ngo on."),
        ("- One\n\n    goes on", "One\n\n\ngoes on"),
        ("Term\n: Definition", "Term\n\nDefinition"),
        ("::: warning\nCareful\n:::", "Careful"),
        ("a | b\n:-- | --:\n", "a, b"),
        ("│ box │ ────", "box"),
        ("It costs $5, $6M or US$ 7.", "It costs $5, $6M or US$ 7."),
        ("So $E = mc^2$ and $x$.", "So E = mc² and x."),
        ("$$\n\\frac{1}{2} \\times \\sqrt{x_1}\n$$", "1 / 2 × √x 1"),
        ("\\(a^2 \\leq \\lambda\\) and \\[\\text{if } 2x^{n+1}\\]", "a² ≤ λ and if 2xⁿ⁺¹"),
        ("<think>Hm. **Let** me see.</think>\n\nYes. <think> is a tag.", "Yes.  is a tag."),
        ("<thinking>Never", ""),
        ("***", ""),
        ("", ""),
        ("Fact.[^1]\n\n[^1]: First\nlazy\n    second\n\n    third\n\nAfter.", "Fact.\n\n\n\n\nAfter."),
        ("[^1]: One\nlazy\n[^2]:\n\tTwo\n- item", "item"),
        ("[[Page]], [[my_page|the *label*]], ![[a.png]] [[a]](http://x.y) `[[b]]`", "Page, the label, a.png a [[b]]"),
        ("---\ntitle: Plan\ntags:\n  - a\n---\n# Plan\nHi.", "Plan\n\nHi."),
        ('+++\ntitle = "x"\n+++\nHi.', "Hi."),
        ("---\nNote: this matters.\n\nBye.", "Note: this matters.\n\n\nBye."),
        ("<think>Hm.</think>\n---\r\ntitle: x\r\n---\r\nHi.", "Hi."),
        ("Hi <script>alert(1)</script> there.", "Hi  there."),
        ("<SCRIPT src=x>\nlet a = '/>';\n\nlet b;\n</script> Done.", "Done."),
        ("<style>\np { color: red }\n</style>\n\nDone.", "Done."),
        ("<svg width=1>\n<path d=''/>\n<text>label</text>\n</svg>\nDone.", "Done."),
        ("<!-- a\n\nb --> Seen, <!-- not --> seen.", "Seen,  seen."),
        ("The `<script>` tag loads code.", "The <script> tag loads code."),
        ("<script> tags load code.\n\nMore.", "tags load code.\n\n\nMore."),
        ("In a <style> of its own. Really.", "In a  of its own. Really."),
        ("।* e and ]  | b", "।e and ], b"),
        ("Plain text. With 1.5 km, and nothing else.", "Plain text. With 1.5 km, and nothing else."),
    ],
)
def test_marks_are_not_spoken(markdown: str, spoken: str) -> None:
    assert speakable(markdown) == spoken
    assert in_parts(markdown, 1) == spoken


def test_a_block_of_code_is_named_or_left_out(settings: Any) -> None:
    text = "Do this:\n\n~~~\nrm -rf *\n~~~\nDone."
    assert speakable(text).split() == ["Do", "this:", "Code", "block.", "Done."]
    settings.SPOKEN_CODE_BLOCK = ""
    assert speakable(text).split() == ["Do", "this:", "Done."]


@given(PARTS, st.integers(1, 9))
def test_any_text_is_the_same_in_parts(text: str, size: int) -> None:
    assert in_parts(text, size) == speakable(text)


def test_a_word_is_given_out_before_its_paragraph_ends() -> None:
    stream = MarkdownStream()
    assert stream.feed("Hello **there.** How are") == "Hello there. How"


@pytest.mark.parametrize(
    "token",
    ["ek ", "**a ", "`", "[a", "| a ", "- a\n", "\n", "a*b ", "```\n", "# ", "<svg ", "x|\n", "x|<b>\n", "*<a b>",
     "ek[1] ", "ek[1]", "[1][2]", "ek[1](a ", "【†", "\ue200 ", "\ue200"],
)  # fmt: skip
def test_the_work_grows_with_the_length(token: str) -> None:
    def seconds(tokens: int) -> float:
        stream, begun = MarkdownStream(), time.process_time()
        for _ in range(tokens):
            stream.feed(token)
        stream.finish()
        return time.process_time() - begun

    few = min(seconds(1_000) for _ in range(2))
    assert seconds(8_000) < min(8 * 2 * few + 0.3, 8)


@pytest.mark.parametrize(
    ("markdown", "spoken"),
    [
        ("Paris is the capital[1]. It is old.[2][3]", "Paris is the capital. It is old."),
        ("It has 2 million[1, 2] people[3-5], (so they say)[6]; yes", "It has 2 million people, (so they say); yes"),
        ("**Paris**[1] is *old*[12].", "Paris is old."),
        ("It grew by 20% [1][2] last year [3][4].", "It grew by 20%  last year ."),
        ("Paris[1](https://example.com/a) is old [[2]](https://example.com/b).", "Paris is old ."),
        ("It is so【4:0†source】. And so【12†report.pdf】", "It is so. And so"),
        ("It left.<|im_end|>", "It left."),
        ("<|begin_of_text|>It left.<｜end▁of▁sentence｜>", "It left."),
        ("End with `<|im_end|>`", "End with <|im_end|>"),
        ("It is so\ue200filecite\ue202turn0file0\ue201.", "It is so."),
        ("पेरिस राजधानी[1] है। 首都[2]。", "पेरिस राजधानी है। 首都。"),
        ("Press [1] for sales, [2] for help or [3].", "Press 1 for sales, 2 for help or 3."),
        ("Take [3](https://example.com) of them", "Take 3 of them"),
        ("The list [1, 2, 3] and a[1] and items[0]", "The list 1, 2, 3 and a1 and items0"),
        ("items[1].name and `items[1]`", "items1.name and items[1]"),
        ("[2026] and year[2026]", "2026 and year2026"),
        ("【お知らせ】今日は。", "【お知らせ】今日は。"),
    ],
)
def test_numbers_of_sources_are_not_spoken(markdown: str, spoken: str) -> None:
    assert speakable(markdown) == spoken
    for size in (1, 2, 3, 5, 8):
        assert in_parts(markdown, size) == spoken


@pytest.mark.parametrize("scheme", ["https", "file", "javascript", "data", "mailto", "vbscript"])
def test_a_link_of_any_scheme_is_its_text(scheme: str) -> None:
    assert speakable(f"See [the file]({scheme}:a.txt): done.") == "See the file: done."
