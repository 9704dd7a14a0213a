"""What a run will ask, before anything is read: the models in order, proved to fit together and to serve the scheme."""

from collections.abc import Set
from dataclasses import dataclass

from kaohe.contracts import Contracts
from kaohe.errors import KaoheError
from kaohe.models import Model, Models
from kaohe.project import Project
from kaohe.scheme import Entry, Scheme, params
from kaohe.scheme.parts import LEVELS, Alert, Leaf

#: Tables that a run lays out for the models, beside the trusted ones.
GIVEN = {
    "assessment", "scheme", "scheme_node", "scheme_path", "scheme_indicator", "scheme_step", "scheme_param",
    "scheme_grade", "scheme_tie_break", "scheme_veto", "scheme_alert", "work_plan", "measure_table", "given_value",
    "report", "record_place", "record_count", "problem", "said", "quarantine", "corrected",
}  # fmt: skip  # fmt: skip

#: Names that scoring itself uses.
OWN = {"measured", "round", "alert", "param", "record", "set_aside", "position", "unit_name", "changed"}


@dataclass(frozen=True)
class Plan:
    """The models of a project in the order they run, proved to fit together and to serve the scheme.

    ``tables``: the source tables behind each indicator and alert, registries included.
    """

    base: list[Model]
    measures: Models
    scores: list[Model]
    results: list[Model]
    alerts: Models
    reports: list[Model]
    audits: list[Model]
    tables: dict[str, set[str]]
    restricted: set[str]

    @property
    def asked(self) -> list[Model]:
        """The models that look at records."""
        return [*self.base, *self.measures.values()]


def plan(project: Project, contracts: Contracts, scheme: Scheme) -> Plan:
    """Read every SQL file and put them in order.

    Raises ``KaoheError`` for an unknown measure or alert, parameters it does not ask for or allow, a missing table, a
    circle, a measure that does not say what a unit without items gets, or one that must not be scored.
    """
    sql = project.sql
    base, measures, alerts = (Models.of(sql / folder) for folder in ("base", "measures", "alerts"))
    scores, results, reports, audits = (
        Models.of(sql / folder) for folder in ("scores", "results", "reports", "audits")
    )
    tables = set(contracts)
    for model in [*base.values(), *scores.values(), *results.values(), *reports.values()]:
        if model.name in tables | GIVEN | OWN:
            raise KaoheError("sql_name_taken", file=model.path, table=model.name)
    for name in sorted(tables & (GIVEN | OWN)):
        raise KaoheError("contract_name_taken", table=name)
    for entry, leaf in scheme.leaves:
        check_leaf(measures, contracts, entry.name, leaf)
    for name, alert in scheme.alerts.items():
        check_alert(alerts, contracts, name, alert)
    known = tables | GIVEN | base.keys()
    measures.in_order(known | {"param"})
    scored = known | scores.keys() | results.keys() | {"measured"}
    alerts.in_order(scored | {"param"})
    behind = {entry.name: Models(base | measures).sources(leaf.measure, tables) for entry, leaf in scheme.leaves}
    for entry, _ in scheme.leaves:
        check_scored(scheme, contracts, entry, behind[entry.name])
    everything = Models(base | scores | results | alerts)
    behind |= {name: everything.sources(alert.alert, tables) for name, alert in scheme.alerts.items()}
    return Plan(
        base.in_order(tables | GIVEN),
        measures,
        scores.in_order(known | {"measured"}),
        results.in_order(known | scores.keys() | {"measured"}),
        alerts,
        reports.in_order(scored | {"alert"}),
        audits.in_order(scored | reports.keys()),
        behind,
        {name for name in scheme.alerts if any(contracts[table].restricted for table in behind[name])},
    )


def check_leaf(measures: Models, contracts: Contracts, name: str, leaf: Leaf) -> None:
    """Raises ``KaoheError`` for an unknown measure, one that does not say what a unit without items gets, and
    parameters it does not ask for or allow."""
    if leaf.measure not in measures:
        known = ", ".join(sorted(measures))
        raise KaoheError("measure_unknown", indicator=name, measure=leaf.measure, known=known)
    measure = measures[leaf.measure]
    if differing := _differing(measure, leaf.param_names):
        raise KaoheError("measure_params", indicator=name, measure=measure.name, **differing)
    _ = measure.empty
    for given in (leaf.params, *(version.params for version in leaf.versions)):
        params.check(measure, contracts, name, given)
    if leaf.versions and not measure.dated:
        raise KaoheError("scheme_versions_undated", indicator=name, measure=measure.name)


def check_alert(alerts: Models, contracts: Contracts, name: str, alert: Alert) -> None:
    """Raises ``KaoheError`` for an unknown alert, and for parameters it does not ask for or allow: a ``level`` must be
    one of ``LEVELS``, whatever the header says."""
    if alert.alert not in alerts:
        raise KaoheError("alert_model_unknown", alert=name, model=alert.alert, known=", ".join(sorted(alerts)))
    model = alerts[alert.alert]
    if differing := _differing(model, alert.params.keys()):
        raise KaoheError("alert_params", alert=name, model=model.name, **differing)
    params.check(model, contracts, name, alert.params)
    for param, _, level, *_ in alert.param_rows():
        if param == "level" and level not in LEVELS:
            raise KaoheError("alert_level", alert=name, level=level, allowed="、".join(LEVELS))


def _differing(model: Model, given: Set[str]) -> dict[str, str]:
    """Which parameters are ``given`` and which the model wants, in words; empty if they are the same."""
    wanted = model.params.keys()
    return (
        {}
        if given == wanted
        else {"given": ", ".join(sorted(given)) or "—", "wanted": ", ".join(sorted(wanted)) or "—"}
    )


def check_scored(scheme: Scheme, contracts: Contracts, entry: Entry, behind: set[str]) -> None:
    """Raises ``KaoheError`` for a measure over tables (``behind``) that must not be scored.

    One over a restricted table (clue counts) can never be in a scheme: its evidence would be published. One over a
    table that a rule forbids to score (study statistics from 2024 on) can only be shown, with weight 0.
    """
    for contract in (contracts[table] for table in sorted(behind)):
        if contract.restricted:
            raise KaoheError("measure_restricted", indicator=entry.name, table=contract.label)
        forbidden = contract.not_scored
        if forbidden and scheme.year >= forbidden.from_year and not entry.is_shown:
            raise KaoheError(
                "measure_not_scored",
                indicator=entry.name,
                table=contract.title,
                rule=forbidden.rule,
                from_year=forbidden.from_year,
            )
