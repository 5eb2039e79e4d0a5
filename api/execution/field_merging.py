"""The validation rule that overlapping fields can be merged, with a bound on its work.

The rule compares every pair of fields with the same response name, which is quadratic in the document.
"""

from typing import Any

from graphql import OverlappingFieldsCanBeMergedRule, SelectionSetNode, ValidationContext
from graphql.validation.validate import ValidationAbortedError

COMPARISONS_MAX = 5_000
"""Pairs of fields that the rule may compare."""
_UNITS_PER_COMPARISON = 2
"""Units of the rule's budget for one comparison of two fields."""


class TooManyComparisons(ValidationAbortedError):
    """The document needs more than `COMPARISONS_MAX` comparisons; `validate` stops and lists this error last."""


class BoundedOverlappingFieldsRule(OverlappingFieldsCanBeMergedRule):
    """The rule of graphql-core with a budget of `COMPARISONS_MAX` for each validation."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _UNITS_PER_COMPARISON * COMPARISONS_MAX

    def enter_selection_set(self, selection_set: SelectionSetNode, _key: Any, parent: Any, *_args: Any) -> None:
        try:
            super().enter_selection_set(selection_set, _key, parent, *_args)
        except ValidationAbortedError:
            if self.rule_context.remaining_complexity_budget < 0:
                raise TooManyComparisons("Too many fields with the same response name.") from None
            raise  # the limit of errors
