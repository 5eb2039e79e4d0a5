"""Formulas of KPIs: inputs, circles, bounds, and readings."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi, RetireKpi
from domain.commands.kpi_formula_input import (
    KpiAverageInput,
    KpiDifferenceInput,
    KpiFormulaInput,
    KpiGrowthInput,
    KpiRatioInput,
    KpiSumInput,
    KpiTermInput,
)
from domain.handlers.unit_of_work import keyed_id
from domain.model.kpi import Kpi, KpiDefined, KpiRedefined
from domain.primitives.kpi_formula import (
    Formula,
    KpiAverage,
    KpiDifference,
    KpiGrowth,
    KpiRatio,
    KpiSum,
    KpiTerm,
)
from domain.primitives.rules import Rule
from domain.primitives.values import EarlierPeriod, Kind
from tests.domain.scenario import Then, given, on


def by(key: str) -> KpiBy:
    return KpiBy(key=key)


def id_of(key: str) -> Any:
    return keyed_id(Kind.KPI, key)


def plain(key: str) -> DefineKpi:
    return DefineKpi(key=key, name=key)


def ratio(above: str = "orders", below: str = "visits", scale: float = 1.0) -> KpiFormulaInput:
    return KpiFormulaInput(ratio=KpiRatioInput(by(above), by(below), scale))


def total(*keys: str) -> KpiFormulaInput:
    return KpiFormulaInput(sum=KpiSumInput([KpiTermInput(by(key)) for key in keys]))


def worked(key: str, formula: KpiFormulaInput) -> DefineKpi:
    return DefineKpi(key=key, name=key, formula=formula)


def redefined(key: str, formula: KpiFormulaInput, **more: Any) -> RedefineKpi:
    return RedefineKpi(kpi=by(key), formula=formula, reason="another question", **more)


def rules(then: Then) -> list[tuple[str, str, str]]:
    """Code, rule and field of each problem."""
    assert then.refused is not None
    return [(one.code, one.rule, ".".join(one.field)) for one in then.refused.problems]


orders, visits = plain("orders"), plain("visits")
conversion = worked("conversion", ratio())
ratio_of_ids = Formula(ratio=KpiRatio(id_of("orders"), id_of("visits")))

# ── shapes ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given_formula", "stored"),
    [
        (ratio(scale=100), Formula(ratio=KpiRatio(id_of("orders"), id_of("visits"), 100))),
        (
            KpiFormulaInput(sum=KpiSumInput([KpiTermInput(by("orders"), 2.5), KpiTermInput(by("visits"), -1)])),
            Formula(sum=KpiSum((KpiTerm(id_of("orders"), 2.5), KpiTerm(id_of("visits"), -1)))),
        ),
        (
            KpiFormulaInput(difference=KpiDifferenceInput(by("orders"), by("visits"))),
            Formula(difference=KpiDifference(id_of("orders"), id_of("visits"))),
        ),
        (
            KpiFormulaInput(growth=KpiGrowthInput(by("orders"), EarlierPeriod.YEAR_BEFORE)),
            Formula(growth=KpiGrowth(id_of("orders"), EarlierPeriod.YEAR_BEFORE)),
        ),
        (
            KpiFormulaInput(average=KpiAverageInput([by("orders"), by("visits")])),
            Formula(average=KpiAverage((id_of("orders"), id_of("visits")))),
        ),
    ],
)
def test_formula_names_its_inputs_by_id(given_formula: KpiFormulaInput, stored: Formula) -> None:
    defined = given(orders, visits).when(worked("conversion", given_formula)).the(KpiDefined)
    assert defined.formula == stored


def test_formula_is_exactly_one_shape() -> None:
    both = KpiFormulaInput(ratio=ratio().ratio, growth=KpiGrowthInput(by("orders")))
    for formula in (KpiFormulaInput(), both):
        refused = given(orders, visits).when(worked("conversion", formula))
        assert rules(refused) == [("INVALID", Rule.FORMULA_NOT_ONE, "formula")]


def test_all_faults_of_a_formula_are_named_at_once() -> None:
    terms = [KpiTermInput(by("orders"), 0), KpiTermInput(by("visits"), float("inf")), KpiTermInput(KpiBy())]
    refused = given(orders, visits).when(worked("cost", KpiFormulaInput(sum=KpiSumInput(terms))))
    assert rules(refused) == [
        ("INVALID", Rule.NUMBER_NOT_FINITE, "formula.sum.terms.1.factor"),
        ("INVALID", Rule.ID_OR_KEY_NEEDED, "formula.sum.terms.2.kpi"),
        ("INVALID", Rule.FORMULA_FACTOR_ZERO, "formula.sum.terms.0.factor"),
    ]


def test_formula_has_1_to_20_inputs() -> None:
    keys = [f"k{n}" for n in range(21)]
    base = [plain(key) for key in keys]
    given(*base).when(worked("cost", total(*keys[:20]))).the(KpiDefined)
    assert rules(given(*base).when(worked("cost", total(*keys)))) == [
        ("TOO_LARGE", Rule.FORMULA_INPUTS_TOO_MANY, "formula.sum.terms")
    ]
    assert rules(given(*base).when(worked("cost", total()))) == [("INVALID", Rule.FORMULA_EMPTY, "formula.sum.terms")]


def test_an_input_is_named_once() -> None:
    by_id = KpiFormulaInput(average=KpiAverageInput([by("orders"), KpiBy(id=id_of("orders"))]))
    assert rules(given(orders).when(worked("mean", by_id))) == [
        ("INVALID", Rule.FORMULA_INPUT_REPEATED, "formula.average.of.1")
    ]


# ── inputs ───────────────────────────────────────────────────────────────────────────────────────


def test_an_input_must_exist() -> None:
    given(orders).when(conversion).then_refused("NOT_FOUND", "formula.ratio.denominator.key")


def test_a_retired_input_is_refused() -> None:
    base = given(orders, visits, RetireKpi(kpi=by("visits"), reason="counted elsewhere"))
    assert rules(base.when(conversion)) == [("CLOSED", Rule.KPI_RETIRED, "formula.ratio.denominator.kpi")]


def test_a_formula_whose_input_was_retired_since_can_be_renamed() -> None:
    base = given(orders, visits, conversion, RetireKpi(kpi=by("visits"), reason="counted elsewhere"))
    renamed = RedefineKpi(kpi=by("conversion"), name="Conversion", formula=ratio(), reason="clearer")
    assert base.when(renamed).the(KpiRedefined).formula == ratio_of_ids


def test_formula_is_not_effective_before_its_inputs() -> None:
    early = msgspec.structs.replace(conversion, effective_at=on(1, 1))
    given(on(1, 5), orders, visits).when(early).then_refused("INVALID", "effectiveAt")


def test_repeated_formula_records_nothing() -> None:
    given(orders, visits, conversion).when(redefined("conversion", ratio())).then_nothing()


def test_redefinition_keeps_an_omitted_formula() -> None:
    renamed = RedefineKpi(kpi=by("conversion"), name="Conversion", reason="clearer")
    assert given(orders, visits, conversion).when(renamed).the(KpiRedefined).formula == ratio_of_ids


# ── circles ──────────────────────────────────────────────────────────────────────────────────────


def test_a_kpi_is_no_input_of_itself() -> None:
    base = given(orders, visits, conversion)
    base.when(redefined("conversion", ratio("conversion"))).then_refused("CIRCULAR", "formula.ratio.numerator")


def test_circles_are_refused_at_any_distance() -> None:
    base = given(orders, visits, conversion, worked("a", total("conversion")), worked("b", total("a", "orders")))
    base.when(redefined("conversion", ratio("orders", "b"))).then_refused(
        "CIRCULAR", "formula.ratio.denominator", "'b' is worked out from 'conversion'"
    )


def test_circle_by_a_later_definition_than_the_effective_time_is_refused() -> None:
    """In February `a` names `b` no longer; for January, when it did, the backdated formula would be a circle."""
    base = given(
        on(1, 1), orders, worked("b", total("orders")), worked("a", total("b")),
        on(2, 1), redefined("a", total("orders")), on(2, 2),
    )  # fmt: skip
    base.when(redefined("b", total("a"), effective_at=on(1, 15))).then_refused("CIRCULAR")
    base.when(redefined("b", total("a"))).the(KpiRedefined)


def test_concurrent_redefinitions_form_no_circle() -> None:
    base = given(orders, worked("a", total("orders")), worked("b", total("orders")))
    raced = base.meanwhile("append", redefined("b", total("a"))).when(redefined("a", total("b")))
    assert rules(raced) == [("CIRCULAR", "CIRCULAR", "formula.sum.terms.0.kpi")]


# ── depth ────────────────────────────────────────────────────────────────────────────────────────


def chain(length: int, bottom: str) -> list[DefineKpi]:
    """Formulas of which each names the one before; the first names `bottom`."""
    keys = [bottom, *(f"{bottom}-{n}" for n in range(1, length + 1))]
    return [worked(key, total(below)) for below, key in pairwise(keys)]


def test_formulas_are_at_most_8_deep() -> None:
    base = given(orders, *chain(8, "orders"))
    assert rules(base.when(worked("top", total("orders-8")))) == [("TOO_LARGE", Rule.FORMULA_TOO_DEEP, "formula")]


def test_depth_counts_the_formulas_above() -> None:
    base = given(orders, visits, *chain(4, "orders"), *chain(4, "visits"))
    base.when(redefined("orders-1", total("visits-4"))).the(KpiRedefined)
    base = given(orders, visits, *chain(5, "orders"), *chain(4, "visits"))
    assert rules(base.when(redefined("orders-1", total("visits-4")))) == [
        ("TOO_LARGE", Rule.FORMULA_TOO_DEEP, "formula")
    ]


def test_a_new_dependent_during_the_command_is_a_conflict() -> None:
    base = given(orders, visits, *chain(4, "orders"), *chain(4, "visits"))
    raced = base.meanwhile("append", worked("top", total("orders-4"))).when(redefined("orders-1", total("visits-4")))
    assert rules(raced) == [("TOO_LARGE", Rule.FORMULA_TOO_DEEP, "formula")]


def test_backdated_formula_over_formulas_that_named_each_other_since_is_too_deep() -> None:
    base = given(
        on(1, 1), orders, worked("b", total("orders")), worked("a", total("b")),
        on(2, 1), redefined("a", total("orders")), on(2, 2), redefined("b", total("a")), on(2, 3),
    )  # fmt: skip
    base.when(worked("top", total("a"))).the(KpiDefined)
    early = msgspec.structs.replace(worked("early", total("a")), effective_at=on(1, 15))
    assert rules(base.when(early)) == [("TOO_LARGE", Rule.FORMULA_TOO_DEEP, "formula")]


# ── readings ─────────────────────────────────────────────────────────────────────────────────────


def read(key: str) -> RecordReadings:
    return RecordReadings(readings=[ReadingInput(kpi=by(key), value=1, measured_at=on(1, 3))])


def test_a_formula_takes_no_readings() -> None:
    base = given(orders, visits, conversion, on(1, 4))
    assert rules(base.when(read("conversion"))) == [("INVALID", Rule.FORMULA_TAKES_NO_READINGS, "readings.0.kpi")]


def test_a_kpi_with_readings_gets_no_formula() -> None:
    base = given(orders, visits, plain("conversion"), on(1, 4), read("conversion"))
    assert rules(base.when(redefined("conversion", ratio()))) == [("INVALID", Rule.FORMULA_HAS_READINGS, "formula")]


def test_a_kpi_without_readings_can_get_a_formula() -> None:
    base = given(orders, visits, plain("conversion"))
    assert base.when(redefined("conversion", ratio())).aggregate(Kpi, id_of("conversion")).definition.formula


def test_a_reading_during_the_redefinition_is_a_conflict() -> None:
    base = given(orders, visits, plain("conversion"), on(1, 4))
    raced = base.meanwhile("append", read("conversion")).when(redefined("conversion", ratio()))
    assert rules(raced) == [("INVALID", Rule.FORMULA_HAS_READINGS, "formula")]


def test_a_formula_during_the_recording_is_a_conflict() -> None:
    base = given(orders, visits, plain("conversion"), on(1, 4))
    raced = base.meanwhile("append", redefined("conversion", ratio())).when(read("conversion"))
    assert rules(raced) == [("INVALID", Rule.FORMULA_TAKES_NO_READINGS, "readings.0.kpi")]
