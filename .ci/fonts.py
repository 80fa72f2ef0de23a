"""Make the theme's fonts small: only the icons that some page may name, and only Latin letters.

Run after an upgrade of django-unfold, with fonttools and brotli installed. The files in `speechsite/theme` take the
place of the theme's own.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import unfold
from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("templates", "speechsite", "caching", "speech")
# Basic Latin to Latin Extended-B, punctuation, currencies, arrows, mathematical signs.
LETTERS = "U+0020-024F,U+2000-206F,U+20A0-20BF,U+2190-2199,U+2212,U+2248,U+2264,U+2265,U+25A0-25FF"
WORD = re.compile(r"[a-z0-9_]{2,}")
# An icon that a style sheet puts before or after an element.
CONTENT = re.compile(r'content: ?"([a-z0-9_]{2,})"')


def main() -> None:
    fonts = Path(unfold.__file__).parent / "static/unfold/fonts"
    for font in sorted((fonts / "inter").glob("*.woff2")):
        _write(font, fonts, f"--unicodes={LETTERS}", "--layout-features=kern,liga,calt,tnum,mark,mkmk,ccmp")
    icons = fonts / "material-symbols/Material-Symbols-Outlined.woff2"
    names = sorted(_ligatures(icons) & _words(Path(unfold.__file__).parent))
    _write(
        icons,
        fonts,
        f"--glyphs={','.join(names)}",
        f"--text={''.join(names)}",
        "--layout-features=liga,rlig,clig",
        "--no-layout-closure",
    )


def _ligatures(icons: Path) -> set[str]:
    """Return the names of all icons, which are also those of their glyphs."""
    return set(TTFont(icons).getGlyphOrder())


def _words(theme: Path) -> set[str]:
    folders = [theme, *(ROOT / name for name in SOURCES)]
    files = [path for folder in folders for kind in ("html", "py", "js") for path in folder.rglob(f"*.{kind}")]
    words = {
        word for path in files if "tests" not in path.parts for word in WORD.findall(path.read_text(errors="replace"))
    }
    styles = [path for folder in folders for path in folder.rglob("*.css")]
    return words.union(*(CONTENT.findall(path.read_text(errors="replace")) for path in styles))


def _write(font: Path, fonts: Path, *options: str) -> None:
    target = ROOT / "speechsite/theme/unfold/fonts" / font.relative_to(fonts)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.main([str(font), f"--output-file={target}", "--flavor=woff2", *options])
    sys.stdout.write(f"{font.stat().st_size:>8,} {target.stat().st_size:>8,} {target.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
