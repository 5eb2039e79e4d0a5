"""What an outsider sees is what they would see if nothing of what is hidden had ever been."""

from uuid import UUID

import pytest

from api.snapshot import global_ids
from domain.primitives.values import Kind
from tests.api.privacy.conftest import Asked
from tests.api.privacy.documents import documents, of_a_view
from tests.api.privacy.traces import Normal, differences

Companies = tuple[Asked, Asked]
Normals = tuple[Normal, Normal]


@pytest.fixture(scope="module")
def normals(companies: Companies) -> Normals:
    hushed, plain = companies
    assert len(hushed.company.visible) == plain.world.log.head().position
    one, other = (Normal(of.company.visible, {_heirs(of): "what was carried on"}) for of in companies)
    return one, other


def _heirs(of: Asked) -> UUID:
    """The key result that came from a hidden one, and was added by itself where there is none."""
    (node,) = of.ask("moe", '{ keyResults(filter: {search: "Some old"}) { nodes { entityId } } }')["keyResults"][
        "nodes"
    ]
    found = global_ids.entity(node["entityId"], Kind.KEY_RESULT)
    assert found is not None
    return found


def test_now(companies: Companies, normals: Normals) -> None:
    for query in documents():
        one, other = (how.of(asked.once("moe", query)) for asked, how in zip(companies, normals, strict=True))
        assert list(differences(one, other)) == [], query


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_at_another_place_of_the_log(companies: Companies, normals: Normals, share: float) -> None:
    number = int(share * len(companies[0].company.visible))
    for query in of_a_view():
        asked = f"query ($position: Position) {{ asOf(position: $position) {{ {query} }} }}"
        one, other = (
            how.of(of.ask("moe", asked, position=of.company.visible[number]))
            for of, how in zip(companies, normals, strict=True)
        )
        assert list(differences(one, other)) == [], query
