"""Endpoints with the newest checkpoint of the log, the public key to verify it with, and the GraphQL schema."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.asgi.error_response import error_response
from api.endpoints.file_responses import ledger_refusal
from api.runtime.database import Pool
from api.schema.schema import sdl
from domain.primitives.errors import Code
from projections.proof import signer
from projections.proof.signer import Keys, Rewritten
from projections.store import basis


class Publishing:
    """The checkpoint endpoints. Called on a worker thread."""

    def __init__(self, pool: Pool, keys: Keys | None) -> None:
        self._pool = pool
        self._keys = keys

    def checkpoint(self, request: Request) -> Response:
        """The newest checkpoint, as a signed note; 403 without access to the ledger, 400 for a parameter, 404 if there
        is no checkpoint, and 503 if the log does not match what was signed."""
        if (forbidden := ledger_refusal(request.state.caller)) is not None:
            return forbidden
        if request.query_params:
            message = "The newest checkpoint takes no parameters; ask ledger { checkpoint(position:) } for another one."
            return error_response(HTTPStatus.BAD_REQUEST, message, Code.INVALID)
        with self._pool.connection() as conn:
            try:
                note = signer.available(conn, signer.newest(conn, basis.now(conn).position, self._keys), self._keys)
            except Rewritten as error:
                return _text(f"{error}\n", 503)
        return _text("The log has no signed checkpoint yet.\n", 404) if note is None else _text(note)

    def key(self, _: Request) -> Response:
        """The current public key and earlier ones, one per line; 404 if this server has no key."""
        if self._keys is None:
            return _text("This server has no checkpoint key.\n", 404)
        return _text("".join(f"{verifier}\n" for verifier in self._keys.verifiers))


def schema_text(_: Request) -> Response:
    """The schema in the schema definition language. It changes only with the program."""
    return PlainTextResponse(sdl(), headers={"cache-control": "private, max-age=60"}, media_type="application/graphql")


def _text(text: str, status: int = 200) -> Response:
    return PlainTextResponse(text, status, {"cache-control": "no-store"})
