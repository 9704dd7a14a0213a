"""The catalogue of words: complete in both languages, and nothing in it that nobody says."""

import re
import string
from collections import Counter

from kaohe.words import LANGUAGES, catalogue, say, use_language
from tests.helpers import ROOT

#: Keys made from a name: say(f"heading_{column}").
FAMILIES = (
    "flow_",
    "heading_",
    "status_",
    "reason_",
    "left_out_",
    "bad_",
    "timing_",
    "rule_",
    "system_",
    "level_",
    "state_",
    "act_",
    "did_",
    "decision_",
    "correction_",
    "quality_",
    "drawn_",
    "cause_",
    "sheet_compare_",
    "block_",
    "key_",
    "part_",
    "compare_file_",
    "factor_",
    "basis_",
    "explain_part_",
    "explain_grade_",
    "varied_",
    "item_",
    "page_",
    "marked_",
    "remedy_",
    "type_",
    "template_heading_",
    "dictionary_heading_",
    "cli_wrong_",
    "yaml_needs_",
    "delivery_refused_",
    "delivery_state_",
    "delivery_what_",
    "artifact_column_",
    "dictionary_critical",
    "dictionary_warning",
)


def test_every_entry_is_there_in_both_languages_with_the_same_blanks() -> None:
    for key, entry in catalogue().items():
        assert set(entry) == set(LANGUAGES), key
        blanks = [sorted(name for _, name, _, _ in string.Formatter().parse(entry[lang]) if name) for lang in LANGUAGES]
        assert blanks[0] == blanks[1], key
        assert not re.search("[\u4e00-\u9fff]", entry["en"].replace("是", "").replace("否", "")), key


def test_no_key_is_given_twice() -> None:
    """The later one would silently take the place of the earlier."""
    lines = (ROOT / "kaohe" / "words.yml").read_text(encoding="utf-8").splitlines()
    keys = Counter(line.partition(":")[0] for line in lines if line[:1].isalnum())
    assert len(keys) == len(catalogue())
    assert not [key for key, count in keys.items() if count > 1]


def test_every_key_that_is_said_exists_and_every_entry_is_said() -> None:
    files = [path for folder in ("kaohe", "flows") for path in (ROOT / folder).rglob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    said = set(re.findall(r"""(?:say|wrong|KaoheError|Unreadable)\(\s*["'](\w+)["']""", code))
    assert said <= catalogue().keys(), said - catalogue().keys()
    unsaid = {key for key in catalogue().keys() - said if not key.startswith(FAMILIES)}
    assert not unsaid


def test_the_language_in_use() -> None:
    assert say("heading_unit_name") == "单位"
    use_language("en")
    assert say("heading_unit_name") == "unit"
