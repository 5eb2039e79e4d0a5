"""What can be done from a terminal: one verb each, described where it stands.

What needs the schema is imported by the verbs that use it: it takes a second to be put together, and most need none.
"""

import sys
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.progress import Progress

from api.cli import doctor, evidence, export_facts, import_facts, tokens
from api.cli.output import USAGE, WRONG, Failure, err, opened, out, reached, settings, stop_on_signals, told
from domain.commands.permissions import Role
from projections.engine.projector import Condition
from projections.engine.rebuild import rebuild as rebuild_views
from projections.engine.registry import Poison

P = ParamSpec("P")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Goals and measures as events, answered over GraphQL at any moment.",
)

Host = Annotated[str | None, typer.Option(help="Address to listen on, instead of KEYFRAME_HOST.")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port to listen on, instead of KEYFRAME_PORT; 0 for any that is free."),
]


def main() -> None:
    """The command `keyframe`."""
    stop_on_signals()
    app()


def verb(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """A function as a verb of the command line: what was expected to go wrong is told in a sentence."""

    def decorate(function: Callable[P, None]) -> Callable[P, None]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            with told():
                function(*args, **kwargs)

        app.command(name)(run)
        return function

    return decorate


@app.callback(invoke_without_command=True)
def keyframe(
    show_version: Annotated[bool, typer.Option("--version", help="Say which version this is, and stop.")] = False,
) -> None:
    if show_version:
        out.print(f"keyframe {version('keyframe')}")
        raise typer.Exit


@verb("demo")
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the demo's data and tell it anew.")] = False,
    host: Host = None,
    port: Port = None,
) -> None:
    """Show a company that lives with its goals: two quarters of them, in a database of our own."""
    from api.cli import demo as demonstration  # noqa: PLC0415 - see above
    from api.cli import serve as serving  # noqa: PLC0415 - see above

    chosen = demonstration.settings_for_demo(settings(host=host, port=port))
    with serving.listening(chosen, anonymous=True) as listener, opened(chosen) as database:
        if fresh:
            demonstration.forget(database)
            database.migrate()
        story = demonstration.live(database)
        serving.serve(database, listener, lambda: demonstration.show(story, serving.url(listener)), anonymous=True)


@verb("serve")
def serve(
    host: Host = None,
    port: Port = None,
    project: Annotated[
        bool | None,
        typer.Option("--project/--no-project", help="Feed the views too, or leave it to 'keyframe project'."),
    ] = None,
) -> None:
    """Answer over GraphQL to whoever may come in, until Ctrl-C."""
    from api.cli import serve as serving  # noqa: PLC0415 - see above

    chosen = settings(host=host, port=port, project_in_server=project)
    with serving.listening(chosen) as listener, opened(chosen, patience_s=None) as database:
        serving.refuse_if_locked(database)
        where = serving.url(listener)
        serving.serve(database, listener, lambda: out.print(f"Keyframe answers at {where}/graphql", soft_wrap=True))


_FEEDS = {
    Condition.LEADING: "Feeding the views of {}",
    Condition.FOLLOWING: "Standing by: another process feeds the views of {}",
}


@verb("project")
def project() -> None:
    """Feed the views from the log, until Ctrl-C. Of several that run, one feeds and the others stand by."""
    from api.cli import serve as serving  # noqa: PLC0415 - see above

    with opened(settings(), patience_s=None) as database:
        serving.project(database, lambda condition: out.print(_FEEDS[condition].format(database.settings.workspace)))


@verb("import")
def import_(
    file: Annotated[str, typer.Argument(help="A fact file, or - for the standard input.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Try it out on a copy of the log, and record nothing.")
    ] = False,
    continue_on_refusal: Annotated[
        bool, typer.Option("--continue-on-refusal", help="Go on after a fact that is refused.")
    ] = False,
) -> None:
    """Bring facts in. Run again, it goes on where it was cut off, and records nothing twice."""
    with import_facts.fact_file(file) as (source, size), (reached if dry_run else opened)(settings()) as database:
        facts = import_facts.lines(source)
        tally = import_facts.bring_in(database, facts, size, go_on=continue_on_refusal, dry=dry_run)
    import_facts.tell(tally, dry=dry_run)
    if tally.refusals:
        raise typer.Exit(WRONG)


@verb("export")
def export(
    facts: Annotated[
        bool, typer.Option("--facts", help="The whole workspace as a fact file, which makes another like it.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="A cycle for a spreadsheet, one row a key result.")] = False,
    evidence_: Annotated[
        bool,
        typer.Option("--evidence", help="Every event of a cycle, each with the proof that it is in the signed log."),
    ] = False,
    cycle: Annotated[str | None, typer.Option("--cycle", help="The key of the cycle, like 2026-q1.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="The spreadsheet as of a time, like 2026-03-31T18:00:00Z.")
    ] = None,
    position: Annotated[
        int | None, typer.Option("--position", help="The spreadsheet as it was right after an event of the log.")
    ] = None,
) -> None:
    """Write to the standard output: a workspace as facts, a cycle for a spreadsheet, or evidence of a cycle."""
    of_cycle, basis = csv or evidence_, (at, position) != (None, None)
    if [facts, csv, evidence_].count(True) != 1 or of_cycle is (cycle is None) or (basis and not csv):
        raise Failure(
            "Say what to export: --facts, or --csv --cycle KEY with --at and --position as you like, "
            "or --evidence --cycle KEY.",
            USAGE,
        )
    if csv and cycle is not None:
        _export_csv(cycle, at, position)
        return
    with opened(settings(), made=True) as database:
        if cycle is None:
            export_facts.export_facts(database, sys.stdout.buffer)
        else:
            evidence.export_evidence(database, cycle)


def _export_csv(cycle: str, at: str | None, position: int | None) -> None:
    from api.cli import export_csv  # noqa: PLC0415 - see above

    moment = None if at is None else export_csv.moment(at)
    with opened(settings(), made=True) as database:
        export_csv.export_csv(database, cycle, sys.stdout.buffer, moment, position)


@verb("report")
def report(
    cycle: Annotated[str, typer.Argument(help="The key of the cycle, like 2026-q1.")],
    html: Annotated[Path, typer.Option("--html", help="The file to write.")],
    known: Annotated[
        str | None,
        typer.Option("--known", help="As far as had been recorded by a time, like 2026-03-31T18:00:00Z."),
    ] = None,
) -> None:
    """Look back on a cycle: planned against actual, and why, as one page that can be kept, sent and printed."""
    from api.cli import report as reporting  # noqa: PLC0415 - see above

    with opened(settings(), made=True) as database:
        reporting.write(database, cycle, html, known)


@verb("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(help="A file of evidence; without one, the log itself.")] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", help="A public key to verify with, as NAME+ID+KEY or a file of such lines; may be repeated."
        ),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A file with a checkpoint that was kept elsewhere; may be repeated."),
    ] = None,
) -> None:
    """Recompute the whole log from its rows and hold it against every checkpoint; or check a file of evidence."""
    if file is not None:
        if checkpoint:
            raise Failure("A file of evidence has its own checkpoint; --checkpoint is held against the log.", USAGE)
        evidence.verify_evidence(file, key or [])
        return
    with opened(settings(), made=True) as database:
        if not evidence.verify_log(database, key or [], checkpoint or []):
            raise typer.Exit(WRONG)


@verb("key")
def key(
    do: Annotated[evidence.KeyVerb, typer.Argument(help="Make the key, or show its public half.")],
    file: Annotated[
        Path | None, typer.Option("--file", help="Where the key is kept, instead of KEYFRAME_CHECKPOINT_KEY.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the log is called by those who verify it.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Make another key, and keep the public half of the one before.")
    ] = False,
) -> None:
    """Make the key that signs checkpoints, or show the public half that others verify with."""
    chosen = settings(checkpoint_key=file)
    if do is evidence.KeyVerb.SHOW:
        evidence.show_key(chosen)
    else:
        evidence.create_key(chosen, name, replace=replace)


@verb("token")
def token(
    do: Annotated[tokens.TokenVerb, typer.Argument(help="Make a token, list all that were made, or end one.")],
    id: Annotated[str | None, typer.Argument(help="Which one to revoke, by its id in the list.")] = None,
    role: Annotated[
        list[Role] | None, typer.Option("--role", help="What its bearer may do; may be repeated.", show_default=False)
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="The handle of the person as whom its bearer acts.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What the token, and the machine that has it, is called.")
    ] = None,
    expires: Annotated[
        str, typer.Option("--expires", help="For how long it holds: so many hours, days or weeks, like 12h, 90d, 52w.")
    ] = tokens.LIFETIME,
) -> None:
    """Make a token by which a machine or a person comes in, list those that were made, or revoke one."""
    if (do is tokens.TokenVerb.CREATE) is not bool(role) or (do is tokens.TokenVerb.REVOKE) is (id is None):
        raise Failure("Say what to do: create --role ROLE, list, or revoke ID.", USAGE)
    chosen = tokens.wanted(role or [], person, name, expires)
    with opened(settings()) as database:
        if id is not None:
            tokens.revoke(database, id)
        elif role:
            tokens.create(database, chosen)
        else:
            tokens.tell(database)


@verb("rebuild")
def rebuild() -> None:
    """Make the views anew from the log, beside the old ones, which answer until the new ones are ready."""
    with (
        opened(settings(), made=True) as database,
        Progress(console=err, transient=True, disable=not err.is_terminal) as progress,
    ):
        task = progress.add_task("Events", total=None)
        try:
            position = rebuild_views(
                database.log(),
                database.connect,
                lambda position, head: progress.update(task, completed=position, total=head),
                database.settings.workspace,
            )
        except Poison as poison:
            raise Failure(f"E{str(poison)[1:]}. The views stay as they were.") from poison
    out.print(f"The views were made anew, up to position {position}.")


@verb("migrate")
def migrate() -> None:
    """Make the tables of the workspace, or bring them to the newest version. 'serve' does so itself if it may."""
    with opened(settings()) as database:
        database.migrate()
        out.print(f"The tables of {database.settings.workspace} are at the newest version.")


@verb("doctor")
def diagnose() -> None:
    """Look whether everything is as it should be, and say how to mend what is not."""
    wrong = 0
    for finding in doctor.examination(settings()):
        doctor.tell(finding)
        wrong += finding.verdict is doctor.Verdict.WRONG
    if wrong:
        raise typer.Exit(WRONG)


@verb("schema")
def schema() -> None:
    """Print the GraphQL schema."""
    from api.schema.schema import sdl  # noqa: PLC0415 - see above

    typer.echo(sdl(), nl=False)
