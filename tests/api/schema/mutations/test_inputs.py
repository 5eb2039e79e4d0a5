"""Inputs of mutations: ids of all forms, keys, omitted fields, null and invalid values."""

from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, is_required_input_field

from api.schema.mutations.inputs import INPUTS
from api.schema.schema import schema
from api.snapshot import global_ids
from domain.commands.registry import MUTATIONS
from domain.primitives.values import Kind
from tests.api.conftest import Api

UNKNOWN_PERSON = global_ids.encode(Kind.PERSON, UUID(int=7))
COMMON = {"effectiveAt", "reason", "expectedVersion", "idempotencyKey"}
TYPES = schema._schema.type_map

# ── fields and descriptions ───────────────────────────────────────────────────────────────────────

CONTRACT = """
    addPerson handle! name! email external
    renamePerson person! name email
    deactivatePerson person!
    reactivatePerson person!
    handOver from! to!
    erasePerson person! reason!
    formTeam key! name! parent lead external parentKey members
    renameTeam team! name!
    moveTeam team! parent
    appointLead team! person
    joinTeam team! person!
    leaveTeam team! person!
    disbandTeam team!
    reviveTeam team!
    setCalendar timeZone fiscalYearStartMonth weekStartsOn
    openCycle key! name! startsOn! endsOn! parent checkInCadence external
    activateCycle cycle!
    closeCycle cycle! closeObjectives
    renameCycle cycle! name!
    rescheduleCycle cycle! startsOn endsOn reason!
    abandonCycle cycle! reason!
    adoptScoringPolicy onTrackGap atRiskGap scoreGreen scoreAmber staleAfterCadences maxKeyResultsPerObjective \
        maxObjectivesPerOwner
    draftObjective cycle! title! description kind owner team contributors supports visibility external keyResults commit
    rewordObjective objective! title description
    assignObjective objective! owner team contributors
    setObjectiveVisibility objective! visibility!
    alignObjective objective! to!
    unalignObjective objective! from!
    commitObjective objective!
    closeObjective objective! verdict score reflection scores
    dropObjective objective! reason!
    reopenObjective objective! reason!
    moveObjective objective! to!
    carryObjective objective! into! targets keepAlignment
    addKeyResult objective! title! description metric! owner weight due kpi aggregate countFrom plan external
    rewordKeyResult keyResult! title description
    assignKeyResult keyResult! owner
    retargetKeyResult keyResult! metric! plan reason!
    rescheduleKeyResult keyResult! due! plan reason!
    moveKeyResult keyResult! to!
    planKeyResult keyResult! points! reason!
    reweighKeyResult keyResult! weight! reason!
    checkIn keyResult! value reached confidence note measuredAt
    correctCheckIn checkIn! value reached confidence note reason!
    linkKpi keyResult! kpi! aggregate countFrom
    unlinkKpi keyResult!
    scoreKeyResult keyResult! score! note
    dropKeyResult keyResult! reason!
    defineKpi key! name! description unit goal cadence owner team aggregation formula from external
    redefineKpi kpi! name description unit goal cadence owner team aggregation formula from reason!
    setKpiTargets kpi! targets! reason!
    retireKpi kpi! reason!
    reviveKpi kpi!
    recordReadings readings!
    correctReading reading! value! note reason!
    retractReading reading! reason!
    planInitiative title! subject! owner due external
    editInitiative initiative! title owner due
    moveInitiative initiative! to!
    addComment subject! body!
    reflect subject! kind! body!
    setLabels subject! labels!
    setExternalReference subject! system! id url
    saveAsTemplate name! objective team cycle goals cadence
    renameTemplate template! name!
    retireTemplate template!
    applyTemplate template! cycle! teams!
    addPeople people!
    formTeams teams!
    draftObjectives objectives!
    defineKpis kpis!
    checkInMany checkIns! mode
"""
"""Each mutation and the fields of its input; `!` marks required fields."""


def fields(name: str) -> dict[str, Any]:
    type_ = TYPES[name]
    assert isinstance(type_, GraphQLInputObjectType)
    return dict(type_.fields)


def test_every_command_has_exactly_the_fields_of_the_contract() -> None:
    fields_of = {}
    for line in CONTRACT.strip().splitlines():
        verb, *names = line.split()
        fields_of[verb] = {*names} | {name for name in COMMON if f"{name}!" not in names}
    assert fields_of == {
        verb: {
            f"{name}{'!' * is_required_input_field(field)}" for name, field in fields(f"{kind.__name__}Input").items()
        }
        for verb, kind in MUTATIONS.items()
    }


def test_reason_is_required_exactly_for_changes_of_agreements() -> None:
    for kind in MUTATIONS.values():
        assert is_required_input_field(fields(f"{kind.__name__}Input")["reason"]) is kind.REASON_REQUIRED


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("CycleBy", {"id": "ID", "key": "String", "external": "ExternalInput"}),
        ("KpiBy", {"id": "ID", "key": "String", "external": "ExternalInput"}),
        (
            "MetricInput",
            {
                "direction": "Direction!", "unit": "UnitInput", "start": "Float", "target": "Float",
                "changeBy": "Float", "lower": "Float", "upper": "Float", "milestones": "[MilestoneInput!]",
            },
        ),
        ("MilestoneInput", {"key": "String!", "title": "String!", "weight": "Float!"}),
        ("UnitInput", {"kind": "UnitKind!", "symbol": "String!"}),
        (
            "KpiGoalInput",
            {
                "direction": "GoalDirection!", "target": "Float", "lower": "Float", "upper": "Float",
                "tolerance": "Float!",
            },
        ),
        ("KeyResultScoreInput", {"keyResult": "ID!", "score": "Float!"}),
        (
            "CarriedTargetInput",
            {"keyResult": "ID!", "target": "Float", "changeBy": "Float", "lower": "Float", "upper": "Float"},
        ),
        ("ReadingInput", {"kpi": "KpiBy!", "value": "Float!", "measuredAt": "DateTime!", "note": "String"}),
    ],
)  # fmt: skip
def test_shared_inputs_have_the_expected_fields(name: str, shape: dict[str, str]) -> None:
    assert {field: str(fields_of.type) for field, fields_of in fields(name).items()} == shape


def test_every_input_and_field_has_a_description() -> None:
    inputs = [type_ for type_ in TYPES.values() if isinstance(type_, GraphQLInputObjectType)]
    assert len(inputs) > len(INPUTS)
    for one in inputs:
        assert one.description
        assert [name for name, field in one.fields.items() if not field.description] == []


def test_every_mutation_has_a_description_and_is_nullable() -> None:
    mutation = schema._schema.mutation_type
    assert mutation is not None and set(mutation.fields) == set(MUTATIONS)
    assert [name for name, field in mutation.fields.items() if not field.description] == []
    assert [name for name, field in mutation.fields.items() if isinstance(field.type, GraphQLNonNull)] == []


# ── ids ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("id", ["", "garbage", "Q3ljbGU6", "💥", "T2JqZWN0aXZlOg==", "x" * 5000])
def test_malformed_id_is_a_problem_of_its_field(api: Api, id: str) -> None:
    assert api.refused("commitObjective", {"objective": id}) == ("INVALID", ["objective"])


def test_id_of_another_kind_is_a_problem_of_its_field(api: Api, objective: str) -> None:
    assert api.refused("commitObjective", {"objective": UNKNOWN_PERSON}) == ("INVALID", ["objective"])
    assert api.refused("assignObjective", {"objective": objective, "owner": objective}) == ("INVALID", ["owner"])
    wrong = {"objective": objective, "contributors": [UNKNOWN_PERSON, objective]}
    assert api.refused("assignObjective", wrong) == ("INVALID", ["contributors", "1"])


def test_unknown_id_is_not_found(api: Api, objective: str) -> None:
    assert api.refused("assignObjective", {"objective": objective, "owner": UNKNOWN_PERSON}) == ("NOT_FOUND", ["owner"])
    assert api.refused("addComment", {"subject": UNKNOWN_PERSON, "body": "Hm"}) == ("NOT_FOUND", ["subject"])


def test_snapshot_id_names_the_current_entity_in_a_mutation(api: Api, objective: str) -> None:
    head = api.ask("{ basis { position } }")["basis"]["position"]
    query = "query ($id: ID!, $head: Position!) { asOf(position: $head) { objective(id: $id) { id } } }"
    then = api.ask(query, id=objective, head=head)
    id = then["asOf"]["objective"]["id"]
    assert id != objective
    payload = api.do("commitObjective", {"objective": id}, "objective { id state }")
    assert payload["objective"] == {"id": objective, "state": "ACTIVE"}


def test_id_of_any_version_names_the_check_in(api: Api, key_result: str) -> None:
    first = api.do("checkIn", {"keyResult": key_result, "value": 4}, "checkIn { id }")["checkIn"]["id"]
    again = api.do("correctCheckIn", {"checkIn": first, "value": 5, "reason": "x"}, "checkIn { id }")["checkIn"]["id"]
    assert first != again
    payload = api.do("correctCheckIn", {"checkIn": first, "value": 6, "reason": "x"}, "checkIn { value }")
    assert payload["checkIn"]["value"] == 6.0


def test_change_id_is_invalid_as_a_subject(api: Api, objective: str) -> None:
    change = api.do("commitObjective", {"objective": objective}, "changes { id }")["changes"][0]["id"]
    assert api.refused("addComment", {"subject": change, "body": "Hm"}) == ("INVALID", ["subject"])


def test_cycle_is_named_by_key_or_id(api: Api, objective: str, cycle: dict[str, str]) -> None:
    by_key = api.do("activateCycle", {"cycle": cycle}, "cycle { id }")["cycle"]["id"]
    assert api.do("activateCycle", {"cycle": {"id": by_key}}, "cycle { id }")["cycle"]["id"] == by_key
    assert api.refused("activateCycle", {"cycle": {"id": objective}}) == ("INVALID", ["cycle", "id"])
    assert api.refused("activateCycle", {"cycle": {"key": "nope"}}) == ("NOT_FOUND", ["cycle", "key"])


# ── omitted, null and invalid values ──────────────────────────────────────────────────────────────


def test_omitted_field_stays_and_null_clears_it(api: Api, objective: str) -> None:
    described = {"objective": objective, "description": "How"}
    selection = "objective { title description }"
    assert api.do("rewordObjective", described, selection)["objective"]["description"] == "How"
    retitled = {"objective": objective, "title": "Other"}
    assert api.do("rewordObjective", retitled, selection)["objective"] == {"title": "Other", "description": "How"}
    cleared = {"objective": objective, "description": None}
    assert api.do("rewordObjective", cleared, selection)["objective"] == {"title": "Other", "description": None}


def test_required_value_refuses_null(api: Api, objective: str) -> None:
    assert api.refused("rewordObjective", {"objective": objective, "title": None}) == ("INVALID", ["title"])
    assert api.refused("assignObjective", {"objective": objective, "contributors": None}) == (
        "INVALID",
        ["contributors"],
    )
    assert api.refused("adoptScoringPolicy", {"scoreGreen": None}) == ("INVALID", ["scoreGreen"])


def test_field_where_null_is_a_decision_is_required(api: Api, key_result: str) -> None:
    assert api.refused("assignKeyResult", {"keyResult": key_result}) == ("INVALID", ["owner"])
    assert api.do("assignKeyResult", {"keyResult": key_result, "owner": None})["position"]


def test_null_selects_the_default(api: Api, cycle: dict[str, str]) -> None:
    drafted = {"cycle": cycle, "title": "Other", "supports": None, "contributors": None, "owner": None}
    assert api.do("draftObjective", drafted, "objective { supports { __typename } }")["objective"] == {"supports": []}
    defined = {"key": "nps", "name": "Promoters", "unit": None, "goal": None}
    assert api.do("defineKpi", defined, "kpi { unit { kind symbol } }")["kpi"]["unit"] == {
        "kind": "NUMBER",
        "symbol": "",
    }


@pytest.mark.parametrize(
    ("verb", "input"),
    [
        ("CheckIn", '{keyResult: "x", value: "12"}'),
        ("CheckIn", '{keyResult: "x", measuredAt: "yesterday"}'),
        ("CheckIn", '{keyResult: "x", measuredAt: "2026-01-01T00:00:00"}'),
        ("CheckIn", '{keyResult: "x", expectedVersion: 1.5}'),
        ("CheckIn", "{value: 1}"),
        ("CheckIn", '{keyResult: "x", worth: 1}'),
        ("OpenCycle", '{key: "q", name: "Q", startsOn: "2026-02-30", endsOn: "2026-03-01"}'),
        ("DropObjective", '{objective: "x"}'),
        ("ActivateCycle", '{cycle: {id: "x", key: "y"}}'),
        ("ActivateCycle", "{cycle: {}}"),
        ("ActivateCycle", "{cycle: {key: null}}"),
        ("AddKeyResult", '{objective: "x", title: "y", metric: {direction: UPWARDS}}'),
    ],
)
def test_badly_typed_input_fails_validation(api: Api, verb: str, input: str) -> None:
    name = f"{verb[0].lower()}{verb[1:]}"
    assert api.error(f"mutation {{ {name}(input: {input}) {{ position }} }}")["extensions"]["code"] == (
        "GRAPHQL_VALIDATION_FAILED"
    )


def test_infinite_numbers_are_refused(api: Api, key_result: str) -> None:
    query = f'mutation {{ checkIn(input: {{keyResult: "{key_result}", value: %s}}) {{ problems {{ code field }} }} }}'
    for figure in ("1e999", "-1e999"):
        assert api.ask(query % figure)["checkIn"] == {"problems": [{"code": "INVALID", "field": ["value"]}]}


def test_time_may_have_any_zone_offset(api: Api, key_result: str) -> None:
    check_in = {"keyResult": key_result, "value": 4, "measuredAt": "2026-02-01T05:30:00.5+05:30"}
    payload = api.do("checkIn", check_in, "checkIn { measuredAt } changes { effectiveAt }")
    assert payload["checkIn"]["measuredAt"] == payload["changes"][0]["effectiveAt"] == "2026-02-01T00:00:00.500000Z"
