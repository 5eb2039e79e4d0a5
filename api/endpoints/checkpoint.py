"""What the log says of itself to whoever keeps that: its newest checkpoint, and the key to verify it with."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.asgi.error_response import error_response
from api.runtime.database import Pool
from api.schema.schema import sdl
from domain.commands.permissions import Permission
from domain.primitives.errors import Code
from projections.proof import signer
from projections.proof.signer import Keys, Rewritten
from projections.store import basis


class Publishing:
    """Called on a worker thread."""

    def __init__(self, pool: Pool, keys: Keys | None) -> None:
        self._pool = pool
        self._keys = keys

    def checkpoint(self, request: Request) -> Response:
        """The newest checkpoint, a signed note, for whoever may read the ledger; 404 if there is none, 503 if the log
        is not what was signed."""
        if Permission.READ_LEDGER not in request.state.caller.can:
            said = "The ledger is for auditors, leads and admins."
            return error_response(HTTPStatus.FORBIDDEN, said, Code.FORBIDDEN)
        with self._pool.connection() as conn:
            try:
                note = signer.available(conn, signer.newest(conn, basis.now(conn).position, self._keys), self._keys)
            except Rewritten as error:
                return _text(f"{error}\n", 503)
        return _text("This log was never signed.\n", 404) if note is None else _text(note)

    def key(self, _: Request) -> Response:
        """The public key, and those before it, a line each; 404 where this server has none."""
        if self._keys is None:
            return _text("This server has no key.\n", 404)
        return _text("".join(f"{verifier}\n" for verifier in self._keys.verifiers))


def schema_text(_: Request) -> Response:
    """The schema in the schema definition language. It changes only with the program."""
    return PlainTextResponse(sdl(), headers={"cache-control": "private, max-age=60"}, media_type="application/graphql")


def _text(text: str, status: int = 200) -> Response:
    return PlainTextResponse(text, status, {"cache-control": "no-store"})
