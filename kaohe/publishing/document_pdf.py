"""A document as PDF, set by typst. The layout is document.typ; the texts reach it as JSON, never as markup."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst

from kaohe.errors import KaoheError
from kaohe.publishing.document import Document, Heading, Paragraph, Table, numbered, plain
from kaohe.words import language

_LAYOUT = Path(__file__).parent / "document.typ"
_SONG = ["Noto Serif CJK SC", "Source Han Serif SC", "Noto Serif SC", "SimSun", "Songti SC"]
_HEI = ["SimHei", "STHeiti", "Heiti SC", "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "Microsoft YaHei"]
#: What each part is set in: the first of these that is there. 宋 and 黑 stand in for what is missing.
_FACES = {
    "title": ["FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "STZhongsong", *_SONG, *_HEI],
    "body": ["FangSong", "FangSong_GB2312", "STFangsong", *_SONG, *_HEI],
    "heading": [*_HEI, *_SONG],
    "lead": ["KaiTi", "KaiTi_GB2312", "STKaiti", "Kaiti SC", *_SONG, *_HEI],
    "page": ["SimSun", *_SONG, *_HEI],
    "latin": ["Times New Roman", "Liberation Serif", "Libertinus Serif"],
}


@cache
def fonts() -> typst.Fonts:
    """The fonts of this machine and those of the font package."""
    package = find_spec("pylopdf_fonts_zh_cn")
    return typst.Fonts(font_paths=list(package.submodule_search_locations or []) if package else [])


def faces(found: typst.Fonts) -> dict[str, str]:
    """The font of each part of a document. Raises ``KaoheError`` if none of them can show Chinese."""
    families = set(found.families())
    chosen = {part: next((name for name in names if name in families), "") for part, names in _FACES.items()}
    if not chosen["body"]:
        raise KaoheError("no_chinese_font")
    return chosen


def write_pdf(document: Document, path: Path) -> None:
    """Write the document to ``path``; the same document and fonts give the same bytes."""
    document = plain(document)
    found = fonts()
    said = {
        "language": language(),
        "faces": faces(found),
        "title": document.title,
        "source": document.source,
        "addressee": document.addressee,
        "body": [_part(number, part) for number, part in numbered(document.body)],
        "attachment": document.attachment,
        "hanging": document.hanging,
        "named_annexes": [
            {"label": label, "begins": begins, "title": title}
            for label, begins, title in (document.named_annexes if document.annexes else ())
        ],
        "signature": [{"text": text, "right": right} for text, right in document.signature],
        "annexes": [
            {"head": head, "title": annex.title, "body": [_part(number, part) for number, part in numbered(annex.body)]}
            for head, annex in document.headed_annexes
        ],
    }
    compiler = typst.Compiler(_LAYOUT, font_paths=found, sys_inputs={"document": json.dumps(said)})
    compiler.compile(output=path, format="pdf", timestamp=0)


def _part(number: str, part: Heading | Paragraph | Table) -> dict[str, object]:
    match part:
        case Heading():
            return {"kind": "heading", "level": part.level, "text": number + part.text}
        case Paragraph():
            return {"kind": "paragraph", "lead": number + part.lead, "text": part.text}
        case Table():
            return {
                "kind": "table",
                "caption": part.caption,
                "headings": part.headings,
                "rows": part.rows,
                "widths": part.widths,
                "note": part.note,
                "compact": part.compact,
            }
