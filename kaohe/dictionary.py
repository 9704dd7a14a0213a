"""The data dictionary: docs/tables.md, made from the contracts by ``make docs``."""

from kaohe.contracts import Column, Contract, Contracts, Layout, load_contracts
from kaohe.models import Models
from kaohe.project import Project
from kaohe.words import say, speaking

_COLUMNS = ("name", "column", "aliases", "type", "required", "values", "help")


def dictionary(contracts: Contracts, measures: Models, base: Models) -> str:
    """Markdown with a section for each table: its columns, layouts and rules, who refers to it and which measures read
    it, themselves or through the steps in ``base``. In Chinese, for those who fill the tables in; the first line says
    in English what it is."""
    with speaking("zh"):
        made = "<!-- Every source table, made from expectations/ by `make docs`; do not edit. -->"
        parts = [made, say("dictionary_title")]
        parts += [f"- [{contract.title}](#{table})" for table, contract in sorted(contracts.items())]
        parts += [_section(contract, contracts, measures, base) for _, contract in sorted(contracts.items())]
        return "\n".join(parts) + "\n"


def _section(contract: Contract, contracts: Contracts, measures: Models, base: Models) -> str:
    lines = ["", f'## <a id="{contract.table}"></a>{contract.title} `{contract.table}`', ""]
    lines += [f"- {line}" for line in _facts(contract, contracts, measures, base)]
    lines += [
        "",
        f"| {' | '.join(say(f'dictionary_heading_{key}') for key in _COLUMNS)} |",
        "|---" * len(_COLUMNS) + "|",
    ]
    lines += [_row(name, column, contract, contracts) for name, column in contract.columns.items()]
    if contract.layouts:
        lines += ["", say("dictionary_layouts"), ""]
        lines += [f"- {_layout(layout)}" for layout in contract.layouts.values()]
    rules = dict.fromkeys((rule.severity, rule.sentence) for rule in contract.expectations)
    if rules:
        lines += ["", say("dictionary_rules"), ""]
        lines += [f"- {say(f'dictionary_{severity}')}{sentence}" for severity, sentence in rules]
    return "\n".join(lines)


def _facts(contract: Contract, contracts: Contracts, measures: Models, base: Models) -> list[str]:
    titles = {name: column.headings[0] for name, column in contract.columns.items()}
    facts = [say("dictionary_key", columns="、".join(titles[name] for name in contract.key))]
    if contract.event_date:
        facts.append(say("dictionary_event", column=titles[contract.event_date]))
    if contract.year:
        facts.append(say("dictionary_year", column=titles[contract.year]))
    if contract.reference:
        facts.append(say("dictionary_reference"))
    if contract.restricted:
        facts.append(say("dictionary_restricted"))
    if contract.not_scored:
        facts.append(say("dictionary_not_scored", year=contract.not_scored.from_year, rule=contract.not_scored.rule))
    others = [
        other.title
        for _, other in sorted(contracts.items())
        if any(column.references and column.references.table == contract.table for column in other.columns.values())
    ]
    if others:
        facts.append(say("dictionary_referred", tables="、".join(others)))
    ours = Models(base | measures)
    reading = [name for name in sorted(measures) if ours.sources(name, {contract.table})]
    if reading:
        facts.append(say("dictionary_measures", measures="、".join(f"`{name}`" for name in reading)))
    return facts


def _row(name: str, column: Column, contract: Contract, contracts: Contracts) -> str:
    said = [column.help] if column.help else []
    if column.references:
        said.append(say("dictionary_refers", table=contracts[column.references.table].title))
    if column.unknown == "keep":
        said.append(say("dictionary_keep"))
    if column.fill_down:
        said.append(say("dictionary_fill_down"))
    if column.type == "person":
        said.append(say("template_person"))
    elif column.private:
        said.append(say("template_private"))
    if column.synonyms:
        said.append(say("dictionary_synonyms", synonyms="、".join(f"{k}＝{v}" for k, v in column.synonyms.items())))
    cells = (
        f"`{name}`",
        column.headings[0],
        "、".join(column.headings[1:]),
        say(f"type_{column.type}"),
        say("flag_yes") if column.required else "",
        "、".join(map(str, contract.values(name))),
        "；".join(said),
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _layout(layout: Layout) -> str:
    if not (layout.from_year or layout.to_year):
        return layout.title
    return f"{layout.title}（{layout.from_year or ''}–{layout.to_year or ''}）"


def main() -> None:
    """Write docs/tables.md of the project."""
    project = Project.find()
    measures, base = Models.of(project.sql / "measures"), Models.of(project.sql / "base")
    text = dictionary(load_contracts(project.expectations), measures, base)
    (project.root / "docs" / "tables.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
