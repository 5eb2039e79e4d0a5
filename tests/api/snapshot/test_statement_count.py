from tests.api.schema.crowd import Crowd
from tests.asking import AskedWorld

DEEP = """{ alignment(cycle: {key: "2026-q1"}) {
    objectives {
        id title createdBy { handle } owner { name teams { key } } team { lead { handle } } contributors { handle }
        cycle { name progress { value } }
        progress { value health explain { label from { id } } }
        quality { rule } comments(first: 2) { totalCount nodes { body } } reflections { body } initiatives { title }
        supports { ... on Objective { title progress { value } } } ancestors { ... on Objective { title } }
        descendants { title cycle { key } }
        supportedBy(first: 3) { totalCount nodes { title owner { name } } }
        keyResults {
            id title current confidence progress { value expected health explain { from { __typename } } }
            objective { title cycle { key } } milestones { key } targets { progressAfter by { handle } }
            checkIns(last: 1) { totalCount nodes { value by { person { name } } } }
            forecast { value } trajectory(every: MONTH) { actual } quality { rule }
        }
        asOf(at: "2026-01-15T00:00:00Z") { title keyResults { title progress { value } } }
    }
    edges { from { title } to { __typename } } roots { title } findings { rule }
} }"""

PAGED = """{ objectives(first: 1000, orderBy: {field: PROGRESS}, filter: {health: [ON_TRACK, AT_RISK, OFF_TRACK]}) {
    totalCount nodes { title keyResults { current progress { value } } } } }"""

SIMPLE = """{ objectives(first: 1000) { nodes { id title progress { value health }
    keyResults { id title current progress { value expected health } } } } }"""


def test_statement_count_does_not_depend_on_the_number_of_objectives(world: AskedWorld) -> None:
    crowd = Crowd(world)
    crowd.join(10)
    few = {query: world.count(query) for query in (DEEP, PAGED, SIMPLE)}
    crowd.join(990)
    assert len(world.ask(SIMPLE)["objectives"]["nodes"]) == 1000
    assert {query: world.count(query) for query in few} == few
    assert few[SIMPLE] <= 8


def test_key_results_and_figures_come_in_one_statement(world: AskedWorld) -> None:
    Crowd(world).join(10)
    objectives = SIMPLE.replace("keyResults { id title current progress { value expected health } }", "")
    assert world.count(SIMPLE) == world.count(objectives)
