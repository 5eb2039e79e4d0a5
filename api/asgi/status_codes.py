"""Which status an answer has: by the drafts of GraphQL over HTTP, of which clients know two."""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

PARTIAL_SUCCESS: Final = 294
"""Some fields failed; known to the newest draft only."""
_NOT_READ: Final = {"GRAPHQL_PARSE_FAILED", "DOCUMENT_TOO_LONG", "TOO_MANY_TOKENS"}
_OF_OURS: Final = {"INTERNAL_SERVER_ERROR": 500, "UNAVAILABLE": 503, "BEHIND": 503, "TIMEOUT": 503, "FORBIDDEN": 403}


class Statuses(StrEnum):
    """Whose statuses: those that clients and the audits of `graphql-http` expect, or those of the newest draft."""

    USUAL = "usual"
    DRAFT = "draft"

    @property
    def partial(self) -> int:
        """Some of the answer failed."""
        return PARTIAL_SUCCESS if self is Statuses.DRAFT else HTTPStatus.OK

    @property
    def unprocessable(self) -> int:
        """What was sent could be read, but makes no sense."""
        return HTTPStatus.UNPROCESSABLE_ENTITY if self is Statuses.DRAFT else HTTPStatus.BAD_REQUEST

    def of(self, answer: Mapping[str, Any]) -> int:
        """The status of an answer in the form whose status tells."""
        errors = answer.get("errors")
        if not errors:
            return HTTPStatus.OK
        if "data" in answer:
            return self.partial
        code = errors[0].get("extensions", {}).get("code")
        return _OF_OURS.get(code, HTTPStatus.BAD_REQUEST if code in _NOT_READ else self.unprocessable)
