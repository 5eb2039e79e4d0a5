"""All reads for a caller go through connections with the caller's visibility scope."""

import re
from pathlib import Path

API = Path(__file__).parents[3] / "api"
POOLS = {
    "snapshot/snapshot.py": "it is the door",
    "auth/api_tokens.py": "reads tokens",
    "auth/token_uses.py": "writes when tokens were used",
    "auth/console_sessions.py": "reads and writes sessions",
    "execution/sizes.py": "counts goals, without private ones",
    "observability/state_collector.py": "reads positions and checkpoints",
    "server/middleware.py": "reads the version of the projections",
    "endpoints/checkpoint.py": "serves checkpoints, which are hashes",
    "endpoints/evidence_export.py": "serves evidence, which requires access to private goals",
    "schema/history/ledger.py": "describes evidence, the same",
}
"""The modules that take a connection from a pool, with the reason."""
BODIES = {
    "schema/connections/change_lists.py": "the bodies of changes that were found at the door",
    "schema/mutations/command_result.py": "the places of changes, which are then looked for at the door",
    "facts/exporter.py": "exports the whole workspace, for its operator",
    "facts/event_to_command.py": "the same",
    "cli/sheets/present_things.py": "compares a sheet with the whole workspace, for its operator",
}
"""The modules that read events from the log, with the reason."""


def those_with(pattern: str) -> set[str]:
    return {
        str(path.relative_to(API)) for path in API.rglob("*.py") if re.search(pattern, path.read_text(encoding="utf-8"))
    }


def test_only_listed_modules_take_a_connection() -> None:
    assert those_with(r"\.connection\(\)") <= POOLS.keys()


def test_only_listed_modules_read_event_bodies() -> None:
    assert those_with(r"log\.(at|since|entries|rows|streams)\(") <= BODIES.keys()
