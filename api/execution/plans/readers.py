"""How the field of one object is read, decided before any object is known.

Without them strawberry would decide it anew for each object.
"""

from functools import cache
from operator import attrgetter
from typing import Any

from strawberry.types.field import StrawberryField

from api.execution.cost import variables_in
from api.execution.plans.run import ReadOne
from api.snapshot.snapshot import RowProxy


@cache
def plain_reader(field: StrawberryField) -> ReadOne | None:
    """The function that reads a field which takes neither arguments nor the request; None for any other field."""
    resolver: Any = field.base_resolver
    if field.arguments or field.extensions:
        return None
    if resolver is None:
        return attrgetter(f"row.{field.python_name}" if _is_of_row(field) else field.python_name)
    read: ReadOne = resolver.wrapped_func
    return None if resolver.info_parameter else read


def column_name(field: Any) -> str | None:
    """The attribute of the row that a field shows; None for any other field."""
    is_attribute = isinstance(field, StrawberryField) and field.base_resolver is None and not field.extensions
    return field.python_name if is_attribute and _is_of_row(field) else None


def _is_of_row(field: StrawberryField) -> bool:
    return isinstance(field.origin, type) and issubclass(field.origin, RowProxy)


def is_fixed(field: Any, node: Any) -> bool:
    """Whether a field is read in the same way by every request: it takes no `info`, and has no variables."""
    if not isinstance(field, StrawberryField) or field.extensions:
        return False
    resolver: Any = field.base_resolver
    takes_info = resolver is None or resolver.info_parameter
    return not takes_info and not any(variables_in(argument.value for argument in node.arguments or ()))
