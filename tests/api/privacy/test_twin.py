"""An outsider gets the same answers as in the twin company without hidden goals."""

from uuid import UUID

import pytest

from api.snapshot import global_ids
from domain.primitives.values import Kind
from tests.api.privacy.conftest import Asked
from tests.api.privacy.generated_documents import documents, of_a_view
from tests.api.privacy.traces import Normal, differences

pytestmark = pytest.mark.no_cover

Companies = tuple[Asked, Asked]
Normals = tuple[Normal, Normal]


@pytest.fixture(scope="module")
def normals(companies: Companies) -> Normals:
    with_secrets, plain = companies
    assert len(with_secrets.company.visible) == plain.world.log.head().position
    one, other = (Normal(of.company.visible, {_carried_key_result(of): "what was carried on"}) for of in companies)
    return one, other


def _carried_key_result(of: Asked) -> UUID:
    """The key result carried from a hidden one; in the twin it was added directly."""
    (node,) = of.ask("moe", '{ keyResults(filter: {search: "Some old"}) { nodes { entityId } } }')["keyResults"][
        "nodes"
    ]
    found = global_ids.entity(node["entityId"], Kind.KEY_RESULT)
    assert found is not None
    return found


def test_present_answers_equal_those_of_the_twin(companies: Companies, normals: Normals) -> None:
    for query in documents():
        one, other = (how.of(asked.once("moe", query)) for asked, how in zip(companies, normals, strict=True))
        assert list(differences(one, other)) == [], query


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_past_answers_equal_those_of_the_twin(companies: Companies, normals: Normals, share: float) -> None:
    number = int(share * len(companies[0].company.visible))
    for query in of_a_view():
        asked = f"query ($position: Position) {{ asOf(position: $position) {{ {query} }} }}"
        one, other = (
            how.of(of.ask("moe", asked, position=of.company.visible[number]))
            for of, how in zip(companies, normals, strict=True)
        )
        assert list(differences(one, other)) == [], query
