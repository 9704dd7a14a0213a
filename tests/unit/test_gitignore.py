"""No record of an office that tries kaohe in its checkout can be committed by mistake."""

import re

from kaohe.home import PARTS
from tests.helpers import ROOT


def test_whatever_commands_write_into_the_default_home_is_ignored() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "kaohe").rglob("*.py"))
    written = {*re.findall(r"""home / "([\w.]+)["/]""", code), *(part.partition("/")[0] for part in PARTS)}
    ignored = {line.removeprefix("data/").rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()}
    assert {"published", "large", "comparisons"} < written
    assert written - ignored == {"schedule.yml", "schemes"}  # the project has some
