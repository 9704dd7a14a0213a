"""An Office workbook as it lies in its file: an archive of parts, how they are related, and its list of sheets."""

import io
import posixpath
import zipfile
from typing import Any

import python_calamine as calamine
from lxml import etree

from kaohe.marking.rebuilt import free_name
from kaohe.sources.details import BROKEN
from kaohe.sources.our_list import is_our_list, list_names
from kaohe.words import say

_STRICT = "http://purl.oclc.org/ooxml/"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
OFFICE = "application/vnd.openxmlformats-officedocument."


def is_package(data: bytes) -> bool:
    """An Office workbook as an archive of XML parts (.xlsx, .xlsm)."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            return "[Content_Types].xml" in names and not any(name.endswith("workbook.bin") for name in names)
    except BROKEN:
        return False


class Package:
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
        etree.SubElement(self.types, f"{{{TYPES}}}Override", PartName=f"/{part}", ContentType=kind)

    def free(self, pattern: str) -> str:
        """A part's name that is not taken."""
        taken = {name.lower() for name in self.names | self.changed.keys()}
        return next(name for n in range(1, 100_000) if (name := pattern.format(n)).lower() not in taken)

    def rels(self, part: str) -> tuple[str, Any]:
        """The relations of a part: their own part, and its root."""
        folder, file = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{file}.rels")
        known = path in self.names or path in self.changed
        return path, self.tree(path) if known else etree.Element(f"{{{RELS}}}Relationships", nsmap={None: RELS})

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
        etree.SubElement(root, f"{{{RELS}}}Relationship", Id=identity, Type=kind, Target=relative)
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


class Book:
    """The workbook part: its sheets by name, and the parts they are in."""

    def __init__(self, package: Package, data: bytes) -> None:
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

    def ours(self) -> str | None:
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

    def insert(self, sheet: bytes) -> None:
        """The new sheet before all others; what goes by a sheet's place moves on."""
        part = self.package.free(posixpath.join(posixpath.dirname(self.part), "worksheets/kaohe{}.xml"))
        self.package.add(part, sheet, f"{OFFICE}spreadsheetml.worksheet+xml")
        identity = self.package.relate(self.part, f"{self.office}/worksheet", part)
        node = etree.Element(f"{{{self.main}}}sheet")
        node.set("name", free_name(say("marked_sheet"), {sheet.get("name") for sheet in self.list}))
        node.set("sheetId", str(1 + max((int(sheet.get("sheetId")) for sheet in self.list), default=0)))
        node.set(f"{{{self.office}}}id", identity)
        self.list.insert(0, node)
        for defined in self.root.iter(f"{{{self.main}}}definedName"):
            if (at := defined.get("localSheetId")) is not None:
                defined.set("localSheetId", str(int(at) + 1))
