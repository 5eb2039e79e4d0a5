"""What a rule is: its stable name, its severity, the SMART criterion it checks, and its finding."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Generic, TypeVar

from domain.metrics.formulas import Fact


class Severity(StrEnum):
    """The severities, the least one first."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Smart(StrEnum):
    """The SMART criterion of a rule."""

    SPECIFIC = "S"
    MEASURABLE = "M"
    ACHIEVABLE = "A"
    """It has an owner, and the owner does not have too many goals."""
    RELEVANT = "R"
    TIME_BOUND = "T"


class Finding(Fact, frozen=True, gc=False):
    """The result of one rule, with a message that suggests what to do."""

    rule: str
    severity: Severity
    serves: Smart
    message: str


T = TypeVar("T")


class Rule(Generic[T]):
    """A rule with its stable name. `check` returns a message, or None without a finding."""

    def __init__(self, severity: Severity, serves: Smart, check: Callable[[T], str | None]) -> None:
        self.name = check.__name__.replace("_", "-")
        self.severity = severity
        self.serves = serves
        self.meaning = (check.__doc__ or "").strip()
        self.check = check

    def finding(self, written: T) -> Finding | None:
        message = self.check(written)
        return None if message is None else Finding(self.name, self.severity, self.serves, message)


def rule(
    table: list[Rule[T]], severity: Severity, serves: Smart
) -> Callable[[Callable[[T], str | None]], Callable[[T], str | None]]:
    """A decorator: adds a check to a table of rules. The function's name with hyphens is the rule's name, and its
    docstring describes what it finds."""

    def register(check: Callable[[T], str | None]) -> Callable[[T], str | None]:
        table.append(Rule(severity, serves, check))
        return check

    return register


def found(rules: Iterable[Rule[T]], written: T) -> list[Finding]:
    """The findings of these rules on one goal or KPI, in the order of the rules."""
    return [finding for one in rules if (finding := one.finding(written)) is not None]


def counted(count: int, noun: str) -> str:
    """The count with its noun: "1 day", "3 days"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
