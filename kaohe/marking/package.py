"""Marking an .xlsx where it stands: what must change in its parts is changed, byte by byte where it can be; every other
part is copied as it is, whatever it holds.

Changed are the workbook's list of sheets, the styles (a red one for each style of a marked cell), the marked cells
(their style, nothing else), the notes of their sheets, and which sheet is selected. Marks of an earlier check (our red,
our notes, our first sheet) are taken away; a fill that a cell had before it was red does not come back.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.parsers import expat

import python_calamine as calamine
from lxml import etree
from xlsxwriter.utility import xl_col_to_name

from kaohe.errors import Unreadable
from kaohe.marking.listing import NOTE_BEGINS, WIDTHS, address, cells_of, headings, lines, lines_high, location, title
from kaohe.marking.mark import AUTHOR, RED, Mark
from kaohe.marking.rebuilt import free_name
from kaohe.sources.details import BROKEN, Merged, column_index, refuse_bomb
from kaohe.sources.recognise import is_our_list, list_names
from kaohe.words import say

_STRICT = "http://purl.oclc.org/ooxml/"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_OFFICE = "application/vnd.openxmlformats-officedocument."
#: What may stand behind <legacyDrawing> in a sheet.
_AFTER_DRAWING = {
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"
}  # fmt: skip
_SELECTED = re.compile(rb"""\stabSelected\s*=\s*["'](?:1|true)["']""")
_STYLE = re.compile(rb"""(\ss\s*=\s*["'])(\d+)(["'])""")
#: Drawn notes; some programs give the namespaces other prefixes than v and x.
_SHAPE = re.compile(rb"<\w+:shape\s.*?</\w+:shape>\s*", re.DOTALL)
_SHAPE_PLACE = re.compile(rb"""ObjectType=["']Note["'].*?:Row>\s*(\d+)\s*<.*?:Column>\s*(\d+)\s*<""", re.DOTALL)
#: Excel takes no more links on a sheet.
_MOST_LINKS = 60_000

Place = tuple[int, int]  # row from 1, column from 0


def is_package(data: bytes) -> bool:
    """An Office workbook as an archive of XML parts (.xlsx, .xlsm)."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            return "[Content_Types].xml" in names and not any(name.endswith("workbook.bin") for name in names)
    except BROKEN:
        return False


def mark_package(name: str, data: bytes, marks: Sequence[Mark]) -> bytes:
    """The marked workbook. Raises ``Unreadable`` where its parts cannot be made out."""
    refuse_bomb(name, data)
    try:
        package = _Package(data)
        _Book(package, data).mark(marks)
        return package.written()
    except (etree.XMLSyntaxError, AttributeError, TypeError, StopIteration, *BROKEN) as error:
        # Not XML, or elements and attributes that must be there and are not.
        raise Unreadable("file_broken", file=name) from error


class _Package:
    """The parts of a workbook, those that are changed, and how they are related."""

    def __init__(self, data: bytes) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(data))
        self.names = set(self.archive.namelist())
        self.changed: dict[str, bytes] = {}
        self.types = self.tree("[Content_Types].xml")

    def read(self, part: str) -> bytes:
        return self.changed[part] if part in self.changed else self.archive.read(part)

    def tree(self, part: str) -> Any:
        """The root of an XML part. Raises ``ValueError`` for one with a document type."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        root = etree.fromstring(self.read(part), parser)
        if root.getroottree().docinfo.doctype:
            raise ValueError(part)
        return root

    def put(self, part: str, root: Any) -> None:
        self.changed[part] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)

    def add(self, part: str, data: bytes, kind: str) -> None:
        """A new part with its content type."""
        self.changed[part] = data
        etree.SubElement(self.types, f"{{{_TYPES}}}Override", PartName=f"/{part}", ContentType=kind)

    def free(self, pattern: str) -> str:
        """A part's name that is not taken."""
        taken = {name.lower() for name in self.names | self.changed.keys()}
        return next(name for n in range(1, 100_000) if (name := pattern.format(n)).lower() not in taken)

    def rels(self, part: str) -> tuple[str, Any]:
        """The relations of a part: their own part, and its root."""
        folder, file = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{file}.rels")
        known = path in self.names or path in self.changed
        return path, self.tree(path) if known else etree.Element(f"{{{_RELS}}}Relationships", nsmap={None: _RELS})

    def related(self, part: str, kind: str) -> dict[str, str]:
        """Id of a relation of this kind → the part it leads to."""
        folder = posixpath.dirname(part)
        found = {}
        for node in self.rels(part)[1]:
            if str(node.get("Type")).endswith(f"/{kind}") and node.get("TargetMode") != "External":
                target = node.get("Target", "")
                whole = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                found[node.get("Id")] = whole
        return found

    def relate(self, part: str, kind: str, target: str) -> str:
        """A new relation; gives its id."""
        path, root = self.rels(part)
        taken = {node.get("Id") for node in root}
        identity = next(name for n in range(1, 100_000) if (name := f"rIdK{n}") not in taken)
        relative = posixpath.relpath(target, posixpath.dirname(part) or ".")
        etree.SubElement(root, f"{{{_RELS}}}Relationship", Id=identity, Type=kind, Target=relative)
        self.put(path, root)
        return identity

    def written(self) -> bytes:
        """The archive: the parts in their order, new ones behind them."""
        self.put("[Content_Types].xml", self.types)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
            for info in self.archive.infolist():
                if not info.is_dir():
                    new.writestr(info, self.read(info.filename))
                    self.changed.pop(info.filename, None)
            for name, data in self.changed.items():
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                new.writestr(info, data)
        return buffer.getvalue()


class _Book:
    """The workbook part, its sheets and styles."""

    def __init__(self, package: _Package, data: bytes) -> None:
        self.package, self.data = package, data
        self.part = next(iter(package.related("", "officeDocument").values()))
        self.root = package.tree(self.part)
        self.main: str = etree.QName(self.root).namespace or ""
        strict = self.main.startswith(_STRICT)
        office = f"{_STRICT}officeDocument" if strict else "http://schemas.openxmlformats.org/officeDocument/2006"
        self.office = f"{office}/relationships"
        parts = package.related(self.part, "worksheet")
        self.list = self.root.find(f"{{{self.main}}}sheets")
        self.sheets = {
            node.get("name"): parts[node.get(f"{{{self.office}}}id")]
            for node in self.list
            if node.get(f"{{{self.office}}}id") in parts
        }

    def mark(self, marks: Sequence[Mark]) -> None:
        ours = self._ours()
        styles = _Styles(self)
        for name, part in self.sheets.items():
            if name != ours:
                _SheetPart(self, part, styles).mark([mark for mark in marks if mark.sheet == name])
        for part in self.package.related(self.part, "chartsheet").values():
            self.package.changed[part] = _SELECTED.sub(b"", self.package.read(part))
        sheet = _list_sheet(self.main, marks, styles)
        if ours is not None:
            self.package.changed[self.sheets[ours]] = sheet
            at = [node.get("name") for node in self.list].index(ours)
        else:
            self._insert(sheet)
            at = 0
        for view in self.root.iter(f"{{{self.main}}}workbookView"):
            view.set("activeTab", str(at))
            view.set("firstSheet", "0")
        styles.put()
        self.package.put(self.part, self.root)

    def _ours(self) -> str | None:
        """The sheet that lists what an earlier check found."""
        names = [name for name in self.sheets if name.startswith(list_names())]
        if not names:
            return None
        with calamine.load_workbook(io.BytesIO(self.data)) as book:
            for name in names:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=3)
                if is_our_list(name, [[str(cell) for cell in row] for row in rows]):
                    return str(name)
        return None

    def _insert(self, sheet: bytes) -> None:
        """The new sheet before all others; what goes by a sheet's place moves on."""
        part = self.package.free(posixpath.join(posixpath.dirname(self.part), "worksheets/kaohe{}.xml"))
        self.package.add(part, sheet, f"{_OFFICE}spreadsheetml.worksheet+xml")
        identity = self.package.relate(self.part, f"{self.office}/worksheet", part)
        node = etree.Element(f"{{{self.main}}}sheet")
        node.set("name", free_name(say("marked_sheet"), {sheet.get("name") for sheet in self.list}))
        node.set("sheetId", str(1 + max((int(sheet.get("sheetId")) for sheet in self.list), default=0)))
        node.set(f"{{{self.office}}}id", identity)
        self.list.insert(0, node)
        for defined in self.root.iter(f"{{{self.main}}}definedName"):
            if (at := defined.get("localSheetId")) is not None:
                defined.set("localSheetId", str(int(at) + 1))


class _Styles:
    """The styles of the workbook, with a red one for each style of a marked cell."""

    def __init__(self, book: _Book) -> None:
        self.package, self.main = book.package, book.main
        found = self.package.related(book.part, "styles")
        if found:
            self.part = next(iter(found.values()))
            self.root = self.package.tree(self.part)
        else:
            self.part = posixpath.join(posixpath.dirname(book.part), "styles.xml")
            self.package.add(self.part, b"", f"{_OFFICE}spreadsheetml.styles+xml")
            self.package.relate(book.part, f"{book.office}/styles", self.part)
            self.root = etree.fromstring(
                f'<styleSheet xmlns="{self.main}"><fonts count="1"><font><sz val="11"/></font></fonts><fills count="2">'
                '<fill><patternFill patternType="none"/></fill>'
                '<fill><patternFill patternType="gray125"/></fill></fills>'
                '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
                '<cellXfs count="1"><xf xfId="0"/></cellXfs>'
                '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
            )
        self.xfs = self._list("cellXfs")
        fills = self._list("fills")
        self._red_fills = {str(n) for n, fill in enumerate(fills) if any(x.get("rgb") == RED for x in fill.iter())}
        #: Styles of cells that an earlier check made red.
        self.stale = {n for n, xf in enumerate(self.xfs) if xf.get("fillId") in self._red_fills}
        self._fill: str | None = None
        self._red: dict[int, int] = {}
        self._plain: dict[int, int] = {}

    def _list(self, name: str) -> Any:
        found = self.root.find(f"{{{self.main}}}{name}")
        if found is None:
            raise KeyError(name)
        return found

    def add(self, name: str, xml: str) -> str:
        """A new entry of a list; gives its number."""
        entries = self._list(name)
        entries.append(etree.fromstring(re.sub(r"^<(\w+)", rf'<\1 xmlns="{self.main}"', xml)))
        entries.set("count", str(len(entries)))
        return str(len(entries) - 1)

    def xf(self, font: str, fill: str, border: str, alignment: str) -> int:
        """A new style of cells."""
        xml = (
            f'<xf numFmtId="49" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" applyNumberFormat="1" '
            f'applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">{alignment}</xf>'
        )
        return int(self.add("cellXfs", xml))

    def red(self, style: int) -> int:
        """The style in red."""
        if style in self.stale:
            return style
        if style not in self._red:
            self._fill = self._fill or self.add(
                "fills",
                f'<fill><patternFill patternType="solid"><fgColor rgb="{RED}"/>'
                '<bgColor indexed="64"/></patternFill></fill>',
            )
            self._red[style] = self._cloned(style, self._fill)
        return self._red[style]

    def plain(self, style: int) -> int:
        """The style that an earlier check made red, without its fill."""
        if style not in self._plain:
            self._plain[style] = self._cloned(style, "0")
        return self._plain[style]

    def _cloned(self, style: int, fill: str) -> int:
        original = self.xfs[style] if style < len(self.xfs) else self.xfs[0]
        clone = etree.fromstring(etree.tostring(original))
        clone.set("fillId", fill)
        clone.set("applyFill", "1")
        self.xfs.append(clone)
        self.xfs.set("count", str(len(self.xfs)))
        return len(self.xfs) - 1

    def put(self) -> None:
        self.package.put(self.part, self.root)


class _SheetPart:
    """One sheet: its cells, its notes, and whether it is selected."""

    def __init__(self, book: _Book, part: str, styles: _Styles) -> None:
        self.book, self.package, self.part, self.styles = book, book.package, part, styles

    def mark(self, marks: Sequence[Mark]) -> None:
        data = self.package.read(self.part)
        declared = b"encoding=" in data[:100] and b"UTF-8" not in data[:100].upper()
        if declared or not data.lstrip().startswith(b"<"):
            data = etree.tostring(self.package.tree(self.part), xml_declaration=True, encoding="UTF-8")
        begins = data.find(b"sheetData")
        head = _SELECTED.sub(b"", data[:begins])
        new = head + data[begins:]
        bad = cells_of(marks, _merged(data)) if marks else {}
        drawn = self._notes({place: note for place, note in bad.items() if note is not None})
        if bad or self.styles.stale or drawn:
            new = _Cells(new, bad, self.styles, drawn, self.book.office).changed()
        if new != data:
            self.package.changed[self.part] = new

    def _notes(self, said: dict[Place, str]) -> str | None:
        """Write the notes, take away those of an earlier check. Gives the id of the relation to the part in which notes
        are drawn, if the sheet does not name one yet."""
        comments = next(iter(self.package.related(self.part, "comments").values()), None)
        drawings = self.package.related(self.part, "vmlDrawing")
        gone: set[Place] = set()
        if comments is not None:
            gone = self._take_away(comments)
        if not said and not gone:
            return None
        if comments is None:
            comments = self.package.free(posixpath.join(posixpath.dirname(self.book.part), "kaoheComments{}.xml"))
            main = self.book.main
            empty = f'<comments xmlns="{main}"><authors/><commentList/></comments>'
            self.package.add(comments, empty.encode(), f"{_OFFICE}spreadsheetml.comments+xml")
            self.package.relate(self.part, f"{self.book.office}/comments", comments)
        new = self._say(comments, said)
        named = self._legacy_drawing()
        drawing = drawings.get(named or "")
        identity = None
        if drawing is None:
            drawing = self.package.free(posixpath.join(posixpath.dirname(self.book.part), "drawings/kaohe{}.vml"))
            self.package.changed[drawing] = _EMPTY_DRAWING
            kinds = {node.get("Extension") for node in self.package.types}
            if "vml" not in kinds:
                default = etree.Element(f"{{{_TYPES}}}Default", Extension="vml", ContentType=f"{_OFFICE}vmlDrawing")
                self.package.types.insert(0, default)
            identity = self.package.relate(self.part, f"{self.book.office}/vmlDrawing", drawing)
        self.package.changed[drawing] = _drawn(self.package.read(drawing), gone, new)
        return identity

    def _legacy_drawing(self) -> str | None:
        found = re.search(rb"<(?:\w+:)?legacyDrawing\s[^>]*?\w+:id\s*=\s*[\"']([^\"']+)", self.package.read(self.part))
        return found[1].decode() if found else None

    def _take_away(self, comments: str) -> set[Place]:
        """Our notes of an earlier check; gives where whole ones were."""
        root = self.package.tree(comments)
        main = f"{{{etree.QName(root).namespace}}}"
        gone: set[Place] = set()
        touched = False
        for node in list(root.iter(f"{main}comment")):
            texts = list(node.iter(f"{main}t"))
            theirs, ours, _ = "".join(text.text or "" for text in texts).partition(NOTE_BEGINS)
            left = len(theirs.removesuffix("\n")) if ours else 0
            for text in texts if ours else ():  # another program may have cut our note into runs
                text.text = (text.text or "")[:left]
                left -= len(text.text)
                run = text.getparent()
                if not text.text and run.tag == f"{main}r":
                    run.getparent().remove(run)
                touched = True
            if ours and not "".join(node.itertext()).strip():
                node.getparent().remove(node)
                gone.add(_place(node.get("ref")))
        if touched:
            self.package.put(comments, root)
        return gone

    def _say(self, comments: str, said: dict[Place, str]) -> list[Place]:
        """Add the notes; gives the cells that had none."""
        if not said:
            return []
        root = self.package.tree(comments)
        main = f"{{{etree.QName(root).namespace}}}"
        authors, listed = root.find(f"{main}authors"), root.find(f"{main}commentList")
        etree.SubElement(authors, f"{main}author").text = AUTHOR
        there = {node.get("ref"): node for node in listed}
        new: list[Place] = []
        for (row, column), text in said.items():
            ref = f"{xl_col_to_name(column)}{row}"
            node = there.get(ref)
            if node is None:
                node = etree.SubElement(listed, f"{main}comment", ref=ref, authorId=str(len(authors) - 1))
                etree.SubElement(node, f"{main}text")
                new.append((row, column))
            before = "" if (row, column) in new[-1:] else "\n"
            run = etree.SubElement(node.find(f"{main}text"), f"{main}r")
            etree.SubElement(etree.SubElement(run, f"{main}rPr"), f"{main}sz", val="9")
            shown = etree.SubElement(run, f"{main}t")
            shown.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            shown.text = before + _legal(text)
        self.package.put(comments, root)
        return new


class _Cells:
    """Changes the style of cells in a sheet's XML, and nothing else: each change is a piece of it put in the place of
    another."""

    def __init__(self, data: bytes, bad: Iterable[Place], styles: _Styles, drawn: str | None, office: str) -> None:
        self.data, self.styles, self.drawn, self.office = data, styles, drawn, office
        self.bad: dict[int, list[int]] = {}
        for row, column in sorted(bad):
            self.bad.setdefault(row, []).append(column)
        self.pieces: list[tuple[int, int, bytes]] = []
        self.row, self.column, self.depth = 0, -1, 0
        self.row_at = self.data_at = -1
        self.row_style: int | None = None
        self.column_styles: list[tuple[int, int, int]] = []
        self.drawing_at: int | None = None
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = _refuse

    def changed(self) -> bytes:
        self.parser.Parse(self.data, True)
        written, at = [], 0
        for begin, end, new in sorted(self.pieces, key=lambda piece: piece[0]):
            written += [self.data[at:begin], new]
            at = end
        return b"".join([*written, self.data[at:]])

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local, at = name.rpartition(":")[2], self.parser.CurrentByteIndex
        self.depth += 1
        if self.depth == 2 and local in _AFTER_DRAWING and self.drawing_at is None:
            self.drawing_at = at
        if local == "col":
            first, last = int(attributes["min"]) - 1, int(attributes["max"])
            self.column_styles.append((first, last, int(attributes.get("style", 0))))
        elif local == "sheetData":
            self.data_at = at
        elif local == "row":
            self.row = int(attributes["r"]) if "r" in attributes else self.row + 1
            self.column, self.row_at = -1, at
            formatted = attributes.get("customFormat") in ("1", "true")
            self.row_style = int(attributes.get("s", 0)) if formatted else None
            for number in [number for number in self.bad if number < self.row]:
                self.pieces.append((at, at, self._whole_row(name, number)))
        elif local == "c":
            self.column = _place(attributes["r"])[1] if "r" in attributes else self.column + 1
            wanted = self.bad.get(self.row, [])
            while wanted and wanted[0] < self.column:
                self.pieces.append((at, at, self._cell(name, self.row, wanted.pop(0), self.row_style)))
            style = int(attributes.get("s", 0))
            if wanted and wanted[0] == self.column:
                wanted.pop(0)
                self._restyle(name, at, self.styles.red(style))
            elif style in self.styles.stale:
                self._restyle(name, at, self.styles.plain(style))

    def _end(self, name: str) -> None:
        local, at = name.rpartition(":")[2], self.parser.CurrentByteIndex
        self.depth -= 1
        if local == "row":
            if left := self.bad.pop(self.row, []):
                prefix = name[: -len(local)]
                cells = b"".join(self._cell(f"{prefix}c", self.row, column, self.row_style) for column in left)
                self._fill(name, self.row_at, at, cells)
        elif local == "sheetData":
            prefix = name[: -len(local)]
            rows = b"".join(self._whole_row(f"{prefix}row", number) for number in list(self.bad))
            if rows:
                self._fill(name, self.data_at, at, rows)
        elif self.depth == 0 and self.drawn:
            prefix = name[: -len(local)]
            tag = f'<{prefix}legacyDrawing xmlns:kr="{self.office}" kr:id="{self.drawn}"/>'.encode()
            where = self.drawing_at if self.drawing_at is not None else at
            self.pieces.append((where, where, tag))

    def _fill(self, name: str, begin: int, end: int, inside: bytes) -> None:
        """Put something at the end of an element, which may be empty (<row/>)."""
        if self.data.startswith(f"</{name}".encode(), end):
            self.pieces.append((end, end, inside))
            return
        close = self.data.index(b">", begin) + 1
        opened = self.data[begin:close].rstrip(b">").rstrip(b"/").rstrip() + b">"
        self.pieces.append((begin, close, opened + inside + f"</{name}>".encode()))

    def _restyle(self, name: str, at: int, style: int) -> None:
        close = self.data.index(b">", at)
        tag = self.data[at:close]
        if found := _STYLE.search(tag):
            begin, end = at + found.start(2), at + found.end(2)
            self.pieces.append((begin, end, str(style).encode()))
        else:
            behind = at + 1 + len(name.encode())
            self.pieces.append((behind, behind, f' s="{style}"'.encode()))

    def _cell(self, name: str, row: int, column: int, style: int | None) -> bytes:
        """A cell that is not there yet, as it would look: in the style of its row, else of its column."""
        if style is None:
            styles = (style for first, last, style in self.column_styles if first <= column < last)
            style = next(styles, 0)
        return f'<{name} r="{xl_col_to_name(column)}{row}" s="{self.styles.red(style)}"/>'.encode()

    def _whole_row(self, name: str, number: int) -> bytes:
        prefix = name.rpartition(":")[0]
        cell = f"{prefix}:c" if prefix else "c"
        cells = b"".join(self._cell(cell, number, column, None) for column in self.bad.pop(number))
        return f'<{name} r="{number}">'.encode() + cells + f"</{name}>".encode()


def _merged(data: bytes) -> Merged:
    found = re.findall(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']([A-Z]+\d+):([A-Z]+\d+)["']""", data)
    ranges = ((_place(first.decode()), _place(last.decode())) for first, last in found)
    return [((top - 1, left), (bottom - 1, right)) for (top, left), (bottom, right) in ranges]


def _refuse(*_: object) -> None:
    raise ValueError("DOCTYPE")


def _place(ref: str) -> Place:
    found = re.match(r"([A-Z]+)(\d+)$", ref)
    if found is None:
        raise ValueError(ref)
    return int(found[2]), column_index(found[1])


# --- Notes -----------------------------------------------------------------------------------------------------------

_NAMESPACES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_EMPTY_DRAWING = (
    f'<xml {_NAMESPACES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout></xml>'
).encode()
_SHAPE_TYPE = (
    f'<v:shapetype {_NAMESPACES} id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
).encode()


def _drawn(drawing: bytes, gone: set[Place], new: Sequence[Place]) -> bytes:
    """The part in which notes are drawn, without those that are gone and with the new ones."""

    def kept(shape: re.Match[bytes]) -> bytes:
        place = _SHAPE_PLACE.search(shape[0])
        return b"" if place and (int(place[1]) + 1, int(place[2])) in gone else shape[0]

    drawing = _SHAPE.sub(kept, drawing) if gone else drawing
    shapes = b"" if b'id="_x0000_t202"' in drawing else _SHAPE_TYPE
    shapes += b"".join(_shape(number, place) for number, place in enumerate(new))
    at = drawing.rindex(b"</")
    return drawing[:at] + shapes + drawing[at:]


def _shape(number: int, place: Place) -> bytes:
    row, column = place[0] - 1, place[1]
    anchor = f"{column + 1}, 12, {max(row - 1, 0)}, 8, {column + 5}, 20, {max(row - 1, 0) + 5}, 4"
    return (
        f'<v:shape {_NAMESPACES} id="_x0000_s{900_000 + number}" type="#_x0000_t202" '
        'style="position:absolute;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
        '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div>'
        '</v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column>"
        "</x:ClientData></v:shape>"
    ).encode()


# --- The first sheet -------------------------------------------------------------------------------------------------


def _list_sheet(main: str, marks: Sequence[Mark], styles: _Styles) -> bytes:
    """The sheet that lists all problems."""
    large = styles.add("fonts", '<font><b/><sz val="14"/><name val="宋体"/></font>')
    bold = styles.add("fonts", '<font><b/><sz val="11"/><name val="宋体"/></font>')
    usual = styles.add("fonts", '<font><sz val="11"/><name val="宋体"/></font>')
    linked = styles.add("fonts", '<font><u/><sz val="11"/><color rgb="FF0563C1"/><name val="宋体"/></font>')
    grey = styles.add("fills", '<fill><patternFill patternType="solid"><fgColor rgb="FFE7E6E6"/></patternFill></fill>')
    thin = "".join(
        f'<{side} style="thin"><color rgb="FFBFBFBF"/></{side}>' for side in ("left", "right", "top", "bottom")
    )
    frame = styles.add("borders", f"<border>{thin}<diagonal/></border>")
    top = '<alignment vertical="top" wrapText="1"/>'
    first = styles.xf(large, "0", "0", '<alignment vertical="center"/>')
    head = styles.xf(bold, grey, frame, '<alignment vertical="center" wrapText="1"/>')
    body, link = styles.xf(usual, "0", frame, top), styles.xf(linked, "0", frame, top)
    columns = "".join(f'<col min="{n}" max="{n}" width="{w}" customWidth="1"/>' for n, w in enumerate(WIDTHS, start=1))
    rows = [_row(1, [title(marks)], [first]), _row(3, headings(), [head] * 6)]
    links: list[str] = []
    for number, (mark, cells) in enumerate(zip(marks, lines(marks), strict=False), start=4):
        leads = mark.row is not None and bool(mark.sheet) and len(links) < _MOST_LINKS
        rows.append(_row(number, cells, [body, body, link if leads else body, body, body, body]))
        if leads:
            where = _xml(location(mark, mark.sheet))
            links.append(f'<hyperlink ref="C{number}" location="{where}" display="{_xml(address(mark))}"/>')
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{main}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews>'
        '<sheetView tabSelected="1" workbookViewId="0"><pane ySplit="3" topLeftCell="A4" activePane="bottomLeft" '
        f'state="frozen"/></sheetView></sheetViews><cols>{columns}</cols><sheetData>{"".join(rows)}</sheetData>'
        f"{'<hyperlinks>' + ''.join(links) + '</hyperlinks>' if links else ''}"
        '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>'
    ).encode()


def _row(number: int, cells: Sequence[str], styles: Sequence[int]) -> str:
    high = f' ht="{15 * lines_high(cells)}" customHeight="1"' if len(cells) == len(WIDTHS) else ""
    return f'<row r="{number}"{high}>{"".join(_texts(number, cells, styles))}</row>'


def _texts(number: int, cells: Sequence[str], styles: Sequence[int]) -> Iterator[str]:
    for column, (text, style) in enumerate(zip(cells, styles, strict=True)):
        place = f'r="{xl_col_to_name(column)}{number}" s="{style}"'
        yield f'<c {place} t="inlineStr"><is><t xml:space="preserve">{_xml(_legal(text))}</t></is></c>'


def _legal(text: str) -> str:
    """Without the marks that XML does not allow, and no longer than a cell may be."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)[:32_000]


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
