"""Findings: suggestions to improve goals and KPIs. Each rule checks a SMART criterion. Findings block no command.

Only goals that can still be changed are checked: a dropped, scored or closed goal has no findings. The rules are in
`objective_rules`, `key_result_rules` and `kpi_rules`.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from domain.findings.finding_rule import Finding, Rule, Severity, found
from domain.findings.key_result_rules import KEY_RESULT_RULES, WrittenKeyResult
from domain.findings.kpi_rules import KPI_RULES, WrittenKpi
from domain.findings.objective_rules import ALIGNMENT_RULES, OBJECTIVE_RULES, OWNER_RULES, WrittenObjective
from domain.metrics.formulas import Fact
from domain.primitives.errors import invalid
from domain.primitives.values import KeyResultState, ObjectiveState

RULES: tuple[Rule[Any], ...] = (*OBJECTIVE_RULES, *ALIGNMENT_RULES, *OWNER_RULES, *KEY_RESULT_RULES, *KPI_RULES)
_PLACES = {rule.name: place for place, rule in enumerate(RULES)}
_SEVERITIES = list(Severity)
_OPEN = frozenset({ObjectiveState.DRAFT, ObjectiveState.ACTIVE})


class FindingCount(Fact, frozen=True, gc=False):
    """The number of findings of one rule; at least 1."""

    rule: str
    severity: Severity
    count: int


# ── findings ─────────────────────────────────────────────────────────────────────────────────────


def objective_findings(objective: WrittenObjective) -> list[Finding]:
    """The findings of an objective; none unless it is a draft or active."""
    if objective.state not in _OPEN:
        return []
    return found([*OBJECTIVE_RULES, *ALIGNMENT_RULES, *OWNER_RULES], objective)


def key_result_findings(key_result: WrittenKeyResult) -> list[Finding]:
    """The findings of a key result; none unless it is active."""
    return found(KEY_RESULT_RULES, key_result) if key_result.state is KeyResultState.ACTIVE else []


def kpi_findings(kpi: WrittenKpi) -> list[Finding]:
    """The findings of a KPI; none if it is retired."""
    return [] if kpi.retired else found(KPI_RULES, kpi)


def alignment_findings(objectives: Iterable[WrittenObjective]) -> list[Finding]:
    """The findings on the alignment and ownership of a cycle's objectives. Each message names the objective by title.

    An owner with too many objectives is reported once.
    """
    open_ones = [one for one in objectives if one.state in _OPEN]
    alignment = [
        Finding(each.rule, each.severity, each.serves, f"“{one.title}”: {each.message}")
        for one in open_ones
        for each in found(ALIGNMENT_RULES, one)
    ]
    by_owner = {one.owner: one for one in open_ones if one.owner is not None}
    return alignment + [each for one in by_owner.values() for each in found(OWNER_RULES, one)]


# ── filters and counts ───────────────────────────────────────────────────────────────────────────


def selected(
    findings: Iterable[Finding], rules: Collection[str] | None = None, severity: Severity | None = None
) -> list[Finding]:
    """The findings of these rules (None: of all) with at least this severity (None: with any), in their order.

    Raises `INVALID` for an unknown rule.
    """
    wanted = _PLACES.keys() if rules is None else frozenset(rules)
    for name in sorted(wanted - _PLACES.keys()):
        raise invalid(f"There is no rule “{name}”; the rules are {', '.join(_PLACES)}.", "rules")
    least = 0 if severity is None else _SEVERITIES.index(severity)
    return [one for one in findings if one.rule in wanted and _SEVERITIES.index(one.severity) >= least]


def counts(findings: Iterable[Finding]) -> list[FindingCount]:
    """The number of findings of each rule that has any, in the order of `RULES`."""
    numbers = Counter((one.rule, one.severity) for one in findings)
    return [
        FindingCount(rule, severity, numbers[rule, severity])
        for rule, severity in sorted(numbers, key=lambda one: _PLACES[one[0]])
    ]
