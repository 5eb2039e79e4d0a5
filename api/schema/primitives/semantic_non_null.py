"""The directive `@semanticNonNull`, as of https://specs.apollo.dev/nullability/v0.4."""

import strawberry
from graphql import GraphQLSchema
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="The field is null only if it failed: then `errors` has an error with its path. A client that handles "
    "errors can treat the field as non-null.",
)
class SemanticNonNull:
    levels: list[int] = strawberry.field(default=(0,))


NULL_ON_FAILURE = (SemanticNonNull(),)
"""The directives of a field that is null only on failure."""


def describe_arguments(schema: GraphQLSchema) -> None:
    """Describe the arguments of the directive, which strawberry does not."""
    directive = schema.get_directive("semanticNonNull")
    assert directive is not None
    directive.args["levels"].description = "The levels of lists that are null only on failure; 0 is the field itself."
