"""The commands of ``kaohe``, one file each: what it asks for, and what it starts. Heavy imports stay inside them."""

from kaohe.commands import (
    alerts,
    backup,
    bulletin,
    check,
    compare,
    deliver,
    explain,
    lifecycle,
    plan_inspections,
    robustness,
    run,
    scheme,
    score,
    systems,
    template,
    what_if,
)

#: In the order in which the help lists them. Each module has ``add(app)``.
COMMANDS = (
    run, template, check, explain, alerts, bulletin, plan_inspections, lifecycle, deliver, compare, what_if, robustness,
    systems, score, scheme, backup,
)  # fmt: skip
