"""The styles of a workbook, with a red one for each style of a marked cell."""

import posixpath
import re
from typing import Any

from lxml import etree

from kaohe.marking.archive import OFFICE, Book
from kaohe.marking.mark import RED


class Styles:
    """The styles of the workbook, with a red one for each style of a marked cell."""

    def __init__(self, book: Book) -> None:
        self.package, self.main = book.package, book.main
        found = self.package.related(book.part, "styles")
        if found:
            self.part = next(iter(found.values()))
            self.root = self.package.tree(self.part)
        else:
            self.part = posixpath.join(posixpath.dirname(book.part), "styles.xml")
            self.package.add(self.part, b"", f"{OFFICE}spreadsheetml.styles+xml")
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
