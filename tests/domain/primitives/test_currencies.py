"""Which currency the symbol of a unit names."""

import pytest

from domain.primitives.currencies import currency_of
from domain.primitives.values import Unit, UnitKind


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("EUR", ("EUR", 2)), ("eur", ("EUR", 2)), (" € ", ("EUR", 2)), ("£", ("GBP", 2)), ("US$", ("USD", 2)),
        ("JPY", ("JPY", 0)), ("KWD", ("KWD", 3)), ("CLF", ("CLF", 4)),
        ("$", None), ("¥", None), ("kr", None), ("", None), ("XXX", None), ("k€", None),
    ],
)  # fmt: skip
def test_a_symbol_names_a_currency_only_if_it_is_no_other(symbol: str, expected: tuple[str, int] | None) -> None:
    assert currency_of(Unit(kind=UnitKind.CURRENCY, symbol=symbol)) == expected


@pytest.mark.parametrize("kind", [kind for kind in UnitKind if kind is not UnitKind.CURRENCY])
def test_only_units_of_money_have_a_currency(kind: UnitKind) -> None:
    assert currency_of(Unit(kind=kind, symbol="EUR")) is None
