"""The commands of ``kaohe``, one file each: what it asks for, and what it starts. Heavy imports stay inside them."""

from kaohe.commands import (
    alerts,
    audit,
    backup,
    bulletin,
    check,
    compare,
    completion,
    deliver,
    explain,
    keeping,
    large,
    lifecycle,
    plan_inspections,
    robustness,
    run,
    sample,
    scheme,
    score,
    serve,
    status,
    systems,
    template,
    what_if,
)

#: In the order in which the help lists them. Each module has ``add(app)``.
COMMANDS = (
    run, serve, status, sample, template, check, explain, alerts, bulletin, plan_inspections, lifecycle, audit, deliver,
    keeping, backup, compare, what_if, robustness, systems, score, scheme, large, completion,
)  # fmt: skip
