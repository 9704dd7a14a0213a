"""聚力融合: what was due and what was done."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.golden.oracle.bureau import Bureau, Item, Measure, item, slots
from tests.golden.oracle.records import Activity, Agreement, Unit
from tests.golden.oracle.scheme import Node


def frontline_participants(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """The unit: how many different people went to the front line, up to the target."""
    target = node.number("target", unit.category)
    people = len({post.member_id for post in bureau.of(unit, bureau.records.frontline_post)})
    return [item("unit", target, people if people < target else target)]


def frontline_posts_valid(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A post: done if it lasted long enough and something came of it."""
    posts = bureau.of(unit, bureau.records.frontline_post)
    return [item(post.post_id, 1, Fraction(post.days) >= node.number("days") and bool(post.outcome)) for post in posts]


def _agreements(bureau: Bureau, unit: Unit, node: Node) -> list[Agreement]:
    """The unit's agreements with the indicator's kinds of partner."""
    kinds = node.params["partner_type"]
    return [a for a in bureau.records.pairing_agreement if a.unit_id == unit.unit_id and a.partner_type in kinds]


def agreement_live(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """The year: done if an agreement was in force on any day of it so far."""
    agreements = _agreements(bureau, unit, node)
    return [
        item("year", 1, any(a.signed_on <= bureau.period_end and a.expires_on >= bureau.first_day for a in agreements))
    ]


def activities_held(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A slot for each activity wanted, filled by the valid ones."""
    wanted = {agreement.agreement_id for agreement in _agreements(bureau, unit, node)}
    valid = _valid_activities(bureau, unit)
    return slots(node.number("target"), [1 for activity in valid if activity.agreement_id in wanted])


def _valid_activities(bureau: Bureau, unit: Unit) -> list[Activity]:
    """The unit's activities of the year held while their agreement was in force, each counted once.

    Activities on the same day with the same theme are one, whatever the kind of pairing: the lowest id is kept.
    """
    agreements = {a.agreement_id: a for a in bureau.records.pairing_agreement if a.unit_id == unit.unit_id}
    kept: dict[tuple[date, str], Activity] = {}
    for activity in sorted(bureau.of(unit, bureau.records.pairing_activity), key=lambda activity: activity.activity_id):
        agreement = agreements.get(activity.agreement_id)
        if agreement is not None and agreement.signed_on <= activity.held_on <= agreement.expires_on:
            kept.setdefault((activity.held_on, activity.theme), activity)
    return list(kept.values())


def projects_done(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A project fallen due under the unit's agreements: done if it is done by the as-of date."""
    agreements = {agreement.agreement_id for agreement in _agreements(bureau, unit, node)}
    items = []
    for project in bureau.records.pairing_item:
        if project.kind != "项目" or project.agreement_id not in agreements or project.due_on is None:
            continue
        if bureau.fell_due(project.due_on):
            done = project.done_on is not None and project.done_on <= bureau.as_of
            items.append(item(project.item_id, 1, done))
    return items


def united_front(bureau: Bureau, unit: Unit, node: Node) -> list[Item]:
    """A slot for each activity wanted, filled by those held."""
    return slots(node.number("target"), [1 for _ in bureau.of(unit, bureau.records.united_front_activity)])


MEASURES = {
    "frontline_participants": Measure(frontline_participants, ("frontline_post",)),
    "frontline_posts_valid": Measure(frontline_posts_valid, ("frontline_post",), not_reported=True),
    "agreement_live": Measure(agreement_live, ("pairing_agreement",)),
    "activities_held": Measure(activities_held, ("pairing_activity", "pairing_agreement")),
    "projects_done": Measure(projects_done, ("pairing_agreement",)),
    "united_front": Measure(united_front, ("united_front_activity",)),
}
