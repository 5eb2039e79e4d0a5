"""The command line: one function for each verb.

A verb imports its own module when it runs, so that no verb waits for the imports of another: the GraphQL schema alone
takes a second.
"""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from api.cli.output import USAGE, WRONG, Failure, exit_on_failure, opened, out, reached, settings, stop_on_signals
from api.runtime.settings import Settings
from domain.commands.permissions import Role

P = ParamSpec("P")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An event-sourced log of goals and measurements, with a GraphQL API over every past state.",
)

Host = Annotated[str | None, typer.Option(help="Address to listen on, instead of KEYFRAME_HOST.")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port to listen on, instead of KEYFRAME_PORT; 0 takes any free port."),
]


Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="A public key to verify with, as NAME+ID+KEY or a file of such lines; may be repeated."),
]
OperationsPort = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        help="Port for health and metrics, instead of KEYFRAME_PROJECTOR_PORT; 0 takes any free port.",
    ),
]


class KeyAction(StrEnum):
    """The actions of `keyframe key`."""

    CREATE = "create"
    SHOW = "show"


class EvidenceAction(StrEnum):
    """The actions of `keyframe evidence`."""

    SHOW = "show"


class TokenAction(StrEnum):
    """The actions of `keyframe token`."""

    CREATE = "create"
    LIST = "list"
    REVOKE = "revoke"


def main() -> None:
    """The command `keyframe`."""
    gc.set_threshold(100_000, 50, 100)  # imports make many objects that live to the end
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start a thread a core for what nothing uses
    stop_on_signals()
    app()


def verb(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Register a function as a verb of the command line; expected failures are printed as one sentence."""

    def decorate(function: Callable[P, None]) -> Callable[P, None]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            with exit_on_failure():
                function(*args, **kwargs)

        app.command(name)(run)
        return function

    return decorate


@app.callback(invoke_without_command=True)
def keyframe(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if show_version:
        out.print(f"keyframe {version('keyframe')}")
        raise typer.Exit


@verb("demo")
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete the demo's data and start over.")] = False,
    host: Host = None,
    port: Port = None,
) -> None:
    """Serve a demo company with a year of goals, on the embedded database, until Ctrl-C."""
    from api.cli import demo as demonstration  # noqa: PLC0415 - see above
    from api.cli import serve as serving  # noqa: PLC0415 - see above
    from api.server.starting import answering_starting  # noqa: PLC0415 - see above

    chosen = demonstration.settings_for_demo(settings(host=host, port=port))
    with serving.listening(chosen, anonymous=True) as listener, ExitStack() as stack:
        with answering_starting(listener, demonstration.STARTING):
            database = stack.enter_context(reached(chosen))
            demonstration.prepare(database, fresh=fresh)
            story = demonstration.import_story(database)
            visitor, guests = demonstration.visitor(database), demonstration.guests(database)
        serving.serve(
            database,
            listener,
            lambda: demonstration.show(story, visitor, serving.url(listener)),
            visitor=visitor,
            guests=guests,
        )


@verb("serve")
def serve(
    host: Host = None,
    port: Port = None,
    project: Annotated[
        bool | None,
        typer.Option("--project/--no-project", help="Run the projector too, or leave it to 'keyframe project'."),
    ] = None,
) -> None:
    """Serve the GraphQL API to authenticated callers until Ctrl-C."""
    from api.cli import serve as serving  # noqa: PLC0415 - see above

    chosen = settings(host=host, port=port, project_in_server=project)
    with serving.listening(chosen) as listener, opened(chosen, patience_s=None) as database:
        serving.warn_without_credentials(database)
        where = serving.url(listener)
        serving.serve(database, listener, lambda: out.print(f"Keyframe answers at {where}/graphql", soft_wrap=True))


@verb("project")
def project(host: Host = None, port: OperationsPort = None) -> None:
    """Run the projector until Ctrl-C. If several run, one updates the projections and the others are on standby."""
    from api.cli import project as projecting  # noqa: PLC0415 - see above
    from api.runtime.projector import projector_of  # noqa: PLC0415 - see above

    chosen = settings(host=host, projector_port=port)
    if chosen.projector_port is not None:
        _project_and_serve(chosen, chosen.projector_port)
        return
    with opened(chosen, patience_s=None) as database:
        projecting.project(
            database, projector_of(database), lambda condition: out.print(projecting.state(condition, database))
        )


def _project_and_serve(chosen: Settings, port: int) -> None:
    """Run the projector, and serve its health and metrics."""
    from api.cli import project as projecting  # noqa: PLC0415 - see above
    from api.cli import serve as serving  # noqa: PLC0415 - see above
    from api.server.operations import serving_operations  # noqa: PLC0415 - see above

    with (
        serving.listening(chosen.model_copy(update={"port": port})) as listener,
        opened(chosen, patience_s=None) as database,
        serving_operations(chosen, database, listener) as projector,
    ):
        out.print(f"Health and metrics at {serving.url(listener)}", soft_wrap=True)
        projecting.project(database, projector, lambda condition: out.print(projecting.state(condition, database)))


@verb("import")
def import_(
    file: Annotated[str, typer.Argument(help="A fact file, or with --csv a spreadsheet; - for standard input.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Run the import on a copy of the log, and record nothing.")
    ] = False,
    continue_on_refusal: Annotated[
        bool,
        typer.Option(
            "--continue-on-refusal", help="Continue after a rejected fact. The rows of a spreadsheet always continue."
        ),
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", help="Import a spreadsheet of goals or check-ins, whose columns this mapping file names."
        ),
    ] = None,
) -> None:
    """Import a fact file or a spreadsheet. An import that is run again resumes, and records nothing twice."""
    if csv is not None:
        _import_sheet(file, csv, dry=dry_run)
        return
    from api.cli import import_facts  # noqa: PLC0415 - see above

    with import_facts.fact_file(file) as (source, size), (reached if dry_run else opened)(settings()) as database:
        facts = import_facts.lines(source)
        tally = import_facts.run_import(database, facts, size, go_on=continue_on_refusal, dry=dry_run)
    import_facts.report(tally, dry=dry_run)
    if tally.refusals:
        raise typer.Exit(WRONG)


def _import_sheet(file: str, csv: Path, *, dry: bool) -> None:
    from api.cli.sheets import import_sheet, sheet_mapping  # noqa: PLC0415 - see above

    mapping = sheet_mapping.read_mapping(csv)
    sheet = import_sheet.read(file, mapping)
    with opened(settings()) as database:
        result = import_sheet.import_sheet(database, sheet, mapping, dry=dry)
    import_sheet.report(result, dry=dry)
    if result.problems:
        raise typer.Exit(WRONG)


@verb("export")
def export(
    facts: Annotated[
        bool,
        typer.Option(
            "--facts", help="Export the whole workspace as a fact file; importing it recreates the workspace."
        ),
    ] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Export a cycle as a spreadsheet, one row per key result.")
    ] = False,
    evidence_: Annotated[
        bool,
        typer.Option(
            "--evidence", help="Export every event of a cycle, each with its inclusion proof in the signed log."
        ),
    ] = False,
    cycle: Annotated[str | None, typer.Option("--cycle", help="The key of the cycle, like 2026-q1.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Export the spreadsheet as of a time, like 2026-03-31T18:00:00Z.")
    ] = None,
    position: Annotated[
        int | None, typer.Option("--position", help="Export the spreadsheet as of a log position.")
    ] = None,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin the spreadsheet with a byte order mark, as Excel needs it for UTF-8.")
    ] = False,
) -> None:
    """Write a workspace as facts, a cycle as a spreadsheet, or the evidence of a cycle to standard output."""
    of_cycle, of_csv = csv or evidence_, bom or (at, position) != (None, None)
    if [facts, csv, evidence_].count(True) != 1 or of_cycle is (cycle is None) or (of_csv and not csv):
        raise Failure(
            "Choose one export: --facts; --csv --cycle KEY, optionally with --at, --position or --bom; "
            "or --evidence --cycle KEY.",
            USAGE,
        )
    if cycle is None:
        _export_facts()
    elif csv:
        _export_csv(cycle, at, position, bom=bom)
    else:
        _export_evidence(cycle)


def _export_facts() -> None:
    from api.cli import export_facts  # noqa: PLC0415 - see above

    with opened(settings()) as database:
        export_facts.export_facts(database, sys.stdout.buffer)


def _export_evidence(cycle: str) -> None:
    from api.cli import evidence  # noqa: PLC0415 - see above

    with opened(settings()) as database:
        evidence.export_evidence(database, cycle)


def _export_csv(cycle: str, at: str | None, position: int | None, *, bom: bool) -> None:
    from api.cli import export_csv  # noqa: PLC0415 - see above

    moment = None if at is None else export_csv.moment(at)
    with opened(settings()) as database:
        export_csv.export_csv(database, cycle, sys.stdout.buffer, moment, position, bom=bom)


@verb("report")
def report(
    cycle: Annotated[str, typer.Argument(help="The key of the cycle, like 2026-q1.")],
    html: Annotated[Path, typer.Option("--html", help="The file to write.")],
    known: Annotated[
        str | None,
        typer.Option("--known", help="Include only what was recorded by this time, like 2026-03-31T18:00:00Z."),
    ] = None,
    team: Annotated[
        str | None, typer.Option("--team", help="The key of a team: only its objectives, with the teams inside it.")
    ] = None,
    person: Annotated[str | None, typer.Option("--person", help="The handle of a person: only what it owns.")] = None,
) -> None:
    """Write the retrospective of a cycle (plan, actuals and reasons) as one self-contained HTML page."""
    from api.cli import report as reporting  # noqa: PLC0415 - see above
    from api.report.content import ReportRequest  # noqa: PLC0415 - see above

    with opened(settings()) as database:
        reporting.write(database, ReportRequest(cycle, known, team, person), html)


@verb("verify")
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An evidence file or a report; without it, the log is verified.")
    ] = None,
    key: Keys = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A file with a checkpoint kept outside the database; may be repeated."),
    ] = None,
    views: Annotated[
        bool, typer.Option("--views", help="Build the projections anew from the log beside those in use, and compare.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Verify a report without computing its figures again from the log.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result of --views as JSON.")] = False,
) -> None:
    """Recompute the log from its rows and compare it with every checkpoint, and the projections with their digests; or
    verify an evidence file or a report, or with --views the projections."""
    if views and (file is not None or key or checkpoint):
        raise Failure("--views compares the projections with the log; it takes no file, key or checkpoint.", USAGE)
    if as_json and not views:
        raise Failure("--json prints the result of --views.", USAGE)
    if file is None:
        is_intact = _verify_views(as_json=as_json) if views else _verify_log(key or [], checkpoint or [])
        if not is_intact:
            raise typer.Exit(WRONG)
        return
    if checkpoint:
        raise Failure("A file contains its own checkpoint; use --checkpoint only to verify the log.", USAGE)
    _verify_file(file, key or [], offline=offline)


def _verify_views(*, as_json: bool) -> bool:
    from api.cli import views  # noqa: PLC0415 - see above

    with opened(settings()) as database:
        return views.verify_views(database, as_json=as_json)


def _verify_log(given: list[str], checkpoints: list[Path]) -> bool:
    from api.cli import evidence, views  # noqa: PLC0415 - see above

    with opened(settings()) as database:
        return evidence.verify_log(database, given, checkpoints) and views.verify_digests(database)


def _verify_file(file: Path, given: list[str], *, offline: bool) -> None:
    from api.cli.files import proof_file, public_keys  # noqa: PLC0415 - see above

    chosen = settings()
    figures = proof_file.verify(file, public_keys.required(given, chosen))
    if figures is not None and not offline:
        proof_file.compute_again(chosen, figures)


@verb("evidence")
def evidence(
    do: Annotated[EvidenceAction, typer.Argument(help="Show the events of a file.")],  # noqa: ARG001 - the only action
    file: Annotated[Path, typer.Argument(help="An evidence file.")],
    html: Annotated[
        bool, typer.Option("--html", help="Write one self-contained HTML page to standard output.")
    ] = False,
    key: Keys = None,
    unproven: Annotated[bool, typer.Option("--unproven", help="Show the file even if a proof does not hold.")] = False,
) -> None:
    """Show each event of an evidence file in a sentence, and what was proved of the file. No database is needed."""
    from api.cli.files import evidence_file, public_keys  # noqa: PLC0415 - see above

    known = public_keys.given_or_local(key or [], settings())
    evidence_file.show(file, known, html=html, unproven=unproven)


@verb("key")
def key(
    do: Annotated[KeyAction, typer.Argument(help="Create the key, or show its public half.")],
    file: Annotated[
        Path | None, typer.Option("--file", help="The file of the key, instead of KEYFRAME_CHECKPOINT_KEY.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            help="The origin of the log: its name for verifiers, which ends in / and the workspace. Default: the first "
            "of KEYFRAME_HOST_NAMES, or a random id; with --replace the present one.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Create a new key, and keep the public half of the previous one.")
    ] = False,
) -> None:
    """Create the key that signs checkpoints, or show the public half that verifiers need."""
    from api.cli import evidence  # noqa: PLC0415 - see above

    chosen = settings(checkpoint_key=file)
    if do is KeyAction.SHOW:
        evidence.show_key(chosen)
    else:
        evidence.create_key(chosen, name, replace=replace)


@verb("token")
def token(
    do: Annotated[TokenAction, typer.Argument(help="Create a token, list all tokens, or revoke one.")],
    id: Annotated[str | None, typer.Argument(help="The id of the token to revoke, from the list.")] = None,
    role: Annotated[
        list[Role] | None, typer.Option("--role", help="A role of the token; may be repeated.", show_default=False)
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="The handle of the person that the token acts as.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The name of the token, and of the machine that it acts as.")
    ] = None,
    expires: Annotated[
        str, typer.Option("--expires", help="The lifetime in hours, days or weeks, like 12h, 90d, 52w.")
    ] = "90d",
) -> None:
    """Create an API token for a machine or a person, list all tokens, or revoke one."""
    from api.cli import tokens  # noqa: PLC0415 - see above

    if (do is TokenAction.CREATE) is not bool(role) or (do is TokenAction.REVOKE) is (id is None):
        raise Failure("Choose one action: create --role ROLE, list, or revoke ID.", USAGE)
    chosen = tokens.token_request(role or [], person, name, expires)
    with opened(settings()) as database:
        if id is not None:
            tokens.revoke(database, id)
        elif role:
            tokens.create(database, chosen)
        else:
            tokens.list_all(database)


@verb("rebuild")
def rebuild() -> None:
    """Rebuild the projections from the log. The old ones serve queries until the new ones are complete."""
    from api.cli import views as viewing  # noqa: PLC0415 - see above

    with opened(settings(), needs_projections=False) as database:
        position = viewing.rebuild(database)
        viewing.report_leftovers(database)
    out.print(f"The projections were rebuilt up to position {position}.")


@verb("migrate")
def migrate(
    grant_to: Annotated[
        str | None,
        typer.Option("--grant-to", help="A database login that may then serve: it can read, and append to the log."),
    ] = None,
) -> None:
    """Create or upgrade the tables of the workspace. Only this command and the demo do."""
    from api.cli import migrate as migrating  # noqa: PLC0415 - see above

    with reached(settings()) as database:
        migrating.migrate(database, grant_to)


@verb("doctor")
def diagnose() -> None:
    """Check the installation, and explain how to fix each problem."""
    from api.cli import doctor  # noqa: PLC0415 - see above

    wrong = 0
    for finding in doctor.run_checks(settings()):
        doctor.report(finding)
        wrong += finding.verdict is doctor.Verdict.WRONG
    if wrong:
        raise typer.Exit(WRONG)


@verb("schema")
def schema() -> None:
    """Print the GraphQL schema."""
    from api.schema.schema import sdl  # noqa: PLC0415 - see above

    typer.echo(sdl(), nl=False)
