"""The bounds of parsing and validating a document, at and just beyond each limit."""

import pytest
from graphql import GraphQLError, GraphQLSyntaxError, build_schema, parse, validate
from graphql.validation.rules import overlapping_fields_can_be_merged as library

from api.execution.document_parser import NESTING_MAX, NestedTooDeeply, TooManyTokens, parse_within
from api.execution.field_merging import COMPARISONS_MAX, BoundedOverlappingFieldsRule, TooManyComparisons
from tests.asking import AskedWorld

SDL = build_schema("type Query { at: String }")


def spreads(count: int) -> str:
    """Selects one field so often that `count` · (`count` - 1) / 2 pairs are compared."""
    return "{" + " at" * count + "}"


def merge_errors(text: str) -> list[GraphQLError]:
    return validate(SDL, parse(text), [BoundedOverlappingFieldsRule])


def test_parser_accepts_tokens_up_to_the_limit() -> None:
    assert parse_within("{ a b c }", 5).definitions
    with pytest.raises(TooManyTokens):
        parse_within("{ a b c }", 4)


def test_comments_count_as_tokens() -> None:
    text = "{ a # one\n# two\n# three\n b }"
    assert parse_within(text, 7).definitions
    with pytest.raises(TooManyTokens):
        parse_within(text, 6)


def test_syntax_error_before_the_limit_is_a_syntax_error() -> None:
    with pytest.raises(GraphQLSyntaxError):
        parse_within("{ a } }" + " b" * 100, 20)


@pytest.mark.parametrize(
    ("opening", "closing", "outer"),
    [("{a", "}", 0), ("[", "]", 1), ("{a:", "}", 1)],
    ids=["fields", "lists", "objects"],
)
def test_parser_accepts_nesting_up_to_the_limit(opening: str, closing: str, outer: int) -> None:
    def nested(levels: int) -> str:
        inside = opening * (levels - outer) + ("1" if opening == "{a:" else "") + closing * (levels - outer)
        return f"{{a(b:{inside})}}" if outer else inside

    assert parse_within(nested(NESTING_MAX), 10_000).definitions
    with pytest.raises(NestedTooDeeply):
        parse_within(nested(NESTING_MAX + 1), 10_000)


def test_fields_are_compared_up_to_the_limit() -> None:
    count = next(n for n in range(1000) if n * (n - 1) // 2 > COMPARISONS_MAX)
    assert merge_errors(spreads(count - 1)) == []
    (error,) = merge_errors(spreads(count))
    assert isinstance(error, TooManyComparisons)


def test_budget_of_the_library_stays_as_it_is() -> None:
    assert library.MAX_COMPLEXITY_BUDGET == 500_000


def test_limit_of_errors_is_no_limit_of_comparisons() -> None:
    text = "{" + " ".join(f"a{n}: at a{n}: __typename" for n in range(10)) + "}"
    errors = validate(SDL, parse(text), [BoundedOverlappingFieldsRule], max_errors=5)
    assert len(errors) == 6
    assert not any(isinstance(error, TooManyComparisons) for error in errors)


def test_deep_fragments_that_no_operation_spreads_are_rejected(world: AskedWorld) -> None:
    chain = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} }}" for n in range(250))
    assert world.code(f"{{ __typename }} {chain} fragment f250 on Query {{ __typename }}") == "TOO_DEEP"
