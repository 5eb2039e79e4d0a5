"""Every breaking change since the last release is listed in docs/api-stability.md."""

from graphql import GraphQLSchema, build_schema
from graphql.utilities import find_breaking_changes

from api.schema.schema import sdl
from tests.docs.documents import read

PAGE = "docs/api-stability.md"
RELEASED = "type Query { title: String! owner: String } type Goal { id: ID! }"


def entries(released: GraphQLSchema, current: GraphQLSchema) -> list[str]:
    """The breaking changes between two schemas, each as the beginning of its line in the list."""
    return [f"- `{change.type.name}`: {change.description}" for change in find_breaking_changes(released, current)]


def unlisted(released: GraphQLSchema, current: GraphQLSchema, page: str) -> list[str]:
    """The breaking changes that no line of the newest section names."""
    newest = page.partition("\n### Since ")[2].partition("\n### Since ")[0].splitlines()
    return [entry for entry in entries(released, current) if not any(line.startswith(entry) for line in newest)]


def test_breaking_changes_since_the_release_are_listed() -> None:
    missing = unlisted(build_schema(read("api/released.graphql")), build_schema(sdl()), read(PAGE))
    assert missing == [], f"Breaking changes: keep the schema compatible, or add these lines to {PAGE}."


def test_a_removed_field_has_to_be_listed() -> None:
    released, current = build_schema(RELEASED), build_schema("type Query { title: String! } type Goal { id: ID! }")
    (entry,) = entries(released, current)
    assert entry == "- `FIELD_REMOVED`: Field Query.owner was removed."
    assert unlisted(released, current, "\n### Since 0.1.0\n\nNone.\n") == [entry]
    assert unlisted(released, current, f"\n### Since 0.1.0\n\n{entry} Write `team` instead.\n") == []


def test_entries_of_earlier_releases_do_not_count() -> None:
    released, current = build_schema(RELEASED), build_schema("type Query { title: String! } type Goal { id: ID! }")
    page = "\n### Since 0.2.0\n\nNone.\n\n### Since 0.1.0\n\n- `FIELD_REMOVED`: Field Query.owner was removed.\n"
    assert unlisted(released, current, page) == entries(released, current)


def test_a_removed_type_and_a_nullable_result_are_breaking() -> None:
    current = build_schema("type Query { title: String owner: String }")
    kinds = {entry.split("`")[1] for entry in entries(build_schema(RELEASED), current)}
    assert kinds == {"TYPE_REMOVED", "FIELD_CHANGED_KIND"}


def test_additions_are_compatible() -> None:
    added = "type Query { title: String! owner: String due: String } type Goal { id: ID! key: String }"
    assert entries(build_schema(RELEASED), build_schema(added)) == []
