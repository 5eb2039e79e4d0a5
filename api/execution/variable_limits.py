"""Limits of the variables of a request."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import GraphQLError

VARIABLES_MAX: Final = 200
"""Variables of one operation."""
VALUES_MAX: Final = 100_000
"""Values in all of them together, objects and lists included: twice as many as the largest command has."""
LIST_LENGTH_MAX: Final = 10_000
"""Values of one list; the most readings of one command."""
NESTING_MAX: Final = 20
"""Lists and objects within each other."""


def oversized(variables: Mapping[str, Any]) -> GraphQLError | None:
    """The error if there are too many variables, or if they are too large or too deeply nested; else None."""
    if len(variables) > VARIABLES_MAX:
        return limit_error("TOO_MANY_VARIABLES", f"An operation has up to {VARIABLES_MAX} variables.", VARIABLES_MAX)
    count, level = 0, list(variables.values())
    for _ in range(NESTING_MAX):
        count += len(level)
        if count > VALUES_MAX:
            return limit_error("TOO_MANY_VALUES", f"Variables hold up to {VALUES_MAX:,} values.", VALUES_MAX)
        inside: list[Any] = []
        for value in level:
            if value.__class__ is dict:
                inside += value.values()
            elif value.__class__ is list:
                if len(value) > LIST_LENGTH_MAX:
                    return limit_error(
                        "LIST_TOO_LONG", f"A list has up to {LIST_LENGTH_MAX:,} values.", LIST_LENGTH_MAX
                    )
                inside += value
        if not inside:
            return None
        level = inside
    return limit_error("VARIABLES_TOO_DEEP", f"Variables are up to {NESTING_MAX} levels deep.", NESTING_MAX)


def limit_error(code: str, message: str, limit: int) -> GraphQLError:
    """The error for an exceeded limit."""
    return GraphQLError(message, extensions={"code": code, "limit": limit})
