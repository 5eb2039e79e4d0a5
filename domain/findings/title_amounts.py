"""The amounts that a key result's title names, compared with those of its metric.

Only an amount that is certainly the metric's is compared: a percentage, a sum of money, a duration, or a number before
the metric's unit. Years, dates, ranks ("top 10"), bases ("of 50", "in a hundred") and terms ("within 30 days") are not.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from domain.findings.wording import word_set, words
from domain.primitives.values import Direction, Metric, UnitKind


class Figure(NamedTuple):
    """A number, and the size of its last digit."""

    value: float
    digit: float

    def names(self, amount: float, factor: float) -> bool:
        """Whether the figure times the factor is the amount, rounded or cut off at its last digit."""
        return abs(self.value * factor - amount) < self.digit * factor * (1 - 1e-9)


class Amount(NamedTuple):
    """A number in a title. `figures`: what it may mean, such as 1000 and 1 for "1,000"."""

    text: str
    figures: tuple[Figure, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    is_percent: bool
    currency: str


# ── reading a title ──────────────────────────────────────────────────────────────────────────────

_SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "thousand": 1e3}
_CURRENCIES = "[$€£¥₹]|(?:chf|eur|gbp|usd)"
_DIGITS = re.compile(
    rf"(?<![\w.,/:#\u2013-])(?P<lead>(?:{_CURRENCIES})\s?)?[-\u2212+±~<>≤≥]?"
    r"(?P<digits>\d{1,3}(?:[\s\u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,]\d+)*)"
    rf"(?:\s?(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))})\b)?"
    rf"(?P<end>\s?(?:%|percent\b|per cent\b|{_CURRENCIES}))?(?![\w/]|[-:\u2013]\w)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_BASES = word_set("a among day first in last month next no of out per phase quarter top version week year")
_COMPARED = word_set("better down faster fewer higher less lower more up")


def amounts(title: str) -> list[Amount]:
    """The numbers in digits that a title names, without years, versions, fractions, ranges and numbers in words."""
    return list(_amounts(title.replace("\N{NO-BREAK SPACE}", " ")))


def _amounts(title: str) -> Iterator[Amount]:
    for match in _DIGITS.finditer(title):
        digits, scale, end = match["digits"], match["scale"], (match["end"] or "").strip().lower()
        currency = (match["lead"] or "").strip() or ("" if end.startswith(("%", "per")) else end)
        if _YEAR.fullmatch(digits) and not (scale or end or currency):
            continue
        factor = _SCALES[scale.lower()] if scale else 1.0
        yield Amount(
            text=match.group().strip(),
            figures=tuple(Figure(value * factor, digit * factor) for value, digit in _figures(digits)),
            before=tuple(words(title[: match.start()])[-2:]),
            after=tuple(words(re.split(r"[\d,;:()]", title[match.end() :])[0])[:3]),
            is_percent=end.startswith(("%", "per")),
            currency=currency,
        )


def _figures(digits: str) -> Iterator[Figure]:
    """What the digits may mean: a comma or point may group thousands or begin decimals."""
    plain = re.sub(r"\s", "", digits)
    if plain.isdigit() or _GROUPED.fullmatch(plain):
        yield Figure(float(re.sub(r"[.,]", "", plain)), 1.0)
    whole, *rest = re.split(r"[.,]", plain)
    if len(rest) == 1:
        yield Figure(float(f"{whole}.{rest[0]}"), 10.0 ** -len(rest[0]))


# ── the metric's amounts ─────────────────────────────────────────────────────────────────────────

_SECONDS = {
    1e-3: "ms millisecond milliseconds", 1.0: "s sec second seconds", 60.0: "min mins minute minutes",
    3600.0: "h hr hrs hour hours", 86400.0: "d day days", 604800.0: "w week weeks", 2629800.0: "month months",
    31557600.0: "y year years",
}  # fmt: skip
_LENGTHS = {word: seconds for seconds, names in _SECONDS.items() for word in names.split()}


def other_amount(title: str, metric: Metric) -> str | None:
    """The amount in the title that is not one of the metric's; None if there is none, or one of the metric's, too."""
    if metric.direction in (Direction.MILESTONES, Direction.DONE):
        return None
    named = amounts(title)
    compared = [one for one in named if _is_of(metric, one)]
    if not compared or any(_matches(metric, one) for one in named):
        return None
    return compared[0].text


def _is_of(metric: Metric, one: Amount) -> bool:
    """Whether a number in the title is certainly an amount of the metric: its goal, or its change."""
    last = one.before[-1:]
    if last == ("from",):
        return False
    if one.is_percent:
        is_change = last == ("by",) or bool(_COMPARED & set(one.after[:1]))
        return metric.unit.kind is UnitKind.PERCENT or (is_change and metric.start is not None)
    match metric.unit.kind:
        case UnitKind.PERCENT:
            return False
        case UnitKind.CURRENCY:
            return bool(one.currency)
        case UnitKind.DURATION:
            return last != ("in",) and _length(one) is not None and _length_of(metric) is not None
    return not _BASES & set(one.before) and _names_unit(metric.unit.symbol, one)


def _names_unit(symbol: str, one: Amount) -> bool:
    """Whether the number is followed by the unit's last word, at most two words later."""
    last = words(symbol)[-1:]
    return bool(last) and _stem(last[0]) in map(_stem, one.after)


def _stem(word: str) -> str:
    return word.removesuffix("s").removesuffix("e")


def _length(one: Amount) -> float | None:
    """The seconds of the unit of time that follows the number."""
    return _LENGTHS.get(one.after[0]) if one.after else None


def _length_of(metric: Metric) -> float | None:
    return _LENGTHS.get(metric.unit.symbol.lower())


def _matches(metric: Metric, one: Amount) -> bool:
    """Whether the number may be one of the metric's amounts: a bound, the change, or the change in per cent."""
    goals = list(_goals(metric, one))
    return any(figure.names(amount, factor) for figure in one.figures for factor, amount in goals)


def _goals(metric: Metric, one: Amount) -> Iterator[tuple[float, float]]:
    """The metric's amounts, each with a factor for the number in the title."""
    bounds = [bound for bound in (metric.target, metric.lower, metric.upper) if bound is not None]
    changes = [] if metric.start is None else [bound - metric.start for bound in bounds]
    for amount in map(abs, [*bounds, *changes]):
        yield from ((factor, amount) for factor in _factors(metric, one))
    if metric.start and one.is_percent:
        yield from ((1.0, abs(100 * change / metric.start)) for change in changes)
    if metric.unit.kind is UnitKind.PERCENT:
        yield from ((1.0, 100 * abs(bound)) for bound in bounds if abs(bound) <= 1)
        yield from ((1.0, 100 - bound) for bound in bounds)


def _factors(metric: Metric, one: Amount) -> Iterator[float]:
    """The factors from the title's unit to the metric's: of time by their lengths, of money by thousands."""
    yield 1.0
    length, unit = _length(one), _length_of(metric)
    if length is not None and unit is not None:
        yield length / unit
    if metric.unit.kind is UnitKind.CURRENCY:
        yield from (1e-3, 1e-6, 1e-9, 1e3, 1e6)
