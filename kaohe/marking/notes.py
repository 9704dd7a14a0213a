"""The notes of a sheet: ours are written, those of an earlier check taken away."""

import posixpath
import re
from collections.abc import Sequence

from lxml import etree
from xlsxwriter.utility import xl_col_to_name

from kaohe.marking.archive import OFFICE, TYPES, Book
from kaohe.marking.cells import Place, place
from kaohe.marking.listing import NOTE_BEGINS, legal
from kaohe.marking.mark import AUTHOR

#: Drawn notes; some programs give the namespaces other prefixes than v and x.
_SHAPE = re.compile(rb"<\w+:shape\s.*?</\w+:shape>\s*", re.DOTALL)
_SHAPE_PLACE = re.compile(rb"""ObjectType=["']Note["'].*?:Row>\s*(\d+)\s*<.*?:Column>\s*(\d+)\s*<""", re.DOTALL)
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


class Notes:
    """The notes of one sheet."""

    def __init__(self, book: Book, part: str) -> None:
        self.book, self.package, self.part = book, book.package, part

    def write(self, said: dict[Place, str]) -> str | None:
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
            self.package.add(comments, empty.encode(), f"{OFFICE}spreadsheetml.comments+xml")
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
                default = etree.Element(f"{{{TYPES}}}Default", Extension="vml", ContentType=f"{OFFICE}vmlDrawing")
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
                gone.add(place(node.get("ref")))
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
            shown.text = before + legal(text)
        self.package.put(comments, root)
        return new


def _drawn(drawing: bytes, gone: set[Place], new: Sequence[Place]) -> bytes:
    """The part in which notes are drawn, without those that are gone and with the new ones."""

    def kept(shape: re.Match[bytes]) -> bytes:
        found = _SHAPE_PLACE.search(shape[0])
        return b"" if found and (int(found[1]) + 1, int(found[2])) in gone else shape[0]

    drawing = _SHAPE.sub(kept, drawing) if gone else drawing
    shapes = b"" if b'id="_x0000_t202"' in drawing else _SHAPE_TYPE
    shapes += b"".join(_shape(number, cell) for number, cell in enumerate(new))
    at = drawing.rindex(b"</")
    return drawing[:at] + shapes + drawing[at:]


def _shape(number: int, cell: Place) -> bytes:
    row, column = cell[0] - 1, cell[1]
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
