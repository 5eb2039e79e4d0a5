"""The status codes of GraphQL responses, by two drafts of GraphQL over HTTP, and of files."""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

PARTIAL_SUCCESS: Final = 294
"""Some fields failed; only the newest draft defines this status."""
_UNPARSED: Final = {"GRAPHQL_PARSE_FAILED", "DOCUMENT_TOO_LONG", "TOO_MANY_TOKENS"}
_BY_CODE: Final = {
    "INTERNAL_SERVER_ERROR": 500,
    "UNAVAILABLE": 503,
    "BEHIND": 503,
    "TIMEOUT": 503,
    "VIEWS_OUTDATED": 503,
    "VIEWS_DIVERGED": 503,
    "FORBIDDEN": 403,
}
_OF_FILES: Final = {**_BY_CODE, "NOT_FOUND": 404, "CONFLICT": 409}


def file_status(code: str) -> HTTPStatus:
    """The status of a file or page that was refused, or failed, with this code."""
    return HTTPStatus(_OF_FILES.get(code, HTTPStatus.BAD_REQUEST))


class StatusCodePolicy(StrEnum):
    """USUAL: the status codes that clients and `graphql-http` audits expect; DRAFT: those of the newest draft."""

    USUAL = "usual"
    DRAFT = "draft"

    @property
    def partial(self) -> int:
        """For a response with data and errors."""
        return PARTIAL_SUCCESS if self is StatusCodePolicy.DRAFT else HTTPStatus.OK

    @property
    def unprocessable(self) -> int:
        """For a request that parses but is not valid."""
        return HTTPStatus.UNPROCESSABLE_ENTITY if self is StatusCodePolicy.DRAFT else HTTPStatus.BAD_REQUEST

    def of(self, body: Mapping[str, Any]) -> int:
        """The status of a response of type `application/graphql-response+json`."""
        errors = body.get("errors")
        if not errors:
            return HTTPStatus.OK
        if "data" in body:
            return self.partial
        code = errors[0].get("extensions", {}).get("code")
        return _BY_CODE.get(code, HTTPStatus.BAD_REQUEST if code in _UNPARSED else self.unprocessable)
