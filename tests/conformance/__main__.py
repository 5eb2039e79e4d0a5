"""Tests Keyframe with widely used GraphQL clients: `python -m tests.conformance`.

Needs Node, and installs pinned packages from npm and PyPI. Names select single parts:
`python -m tests.conformance relay urql`.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.conformance.server import running

HERE = Path(__file__).parent
BUILD = HERE / "build"
FUZZ = HERE / ".venv"
NODE_MIN = (20, 19)
TRACE_LINES_MAX = 12
COMMAND_SECONDS_MAX = 900

console = Console(highlight=False)


class Result(NamedTuple):
    """The result of one check."""

    name: str
    ok: bool
    error: str | None = None


class Part(NamedTuple):
    """A group of checks: the commands that run them, in order."""

    name: str
    title: str
    commands: tuple[tuple[str, ...], ...]


def _node(file: str) -> tuple[str, ...]:
    return ("node", "--test", "--test-reporter=./reporter.mjs", file)


def parts() -> list[Part]:
    python = FUZZ / ("Scripts" if os.name == "nt" else "bin") / "python"
    compiled = ("relay-compiler", "relay.config.json")
    return [  # those of the console first, on the sample company as it is: others open cycles
        Part("console-build", "The console, as it is built from its source", (_node("console-build.test.mjs"),)),
        Part("console", "The console in Chromium", (_node("console.test.mjs"),)),
        Part("console-moment", "The console at any moment", (_node("console-moment.test.mjs"),)),
        Part("console-looking-back", "The console: looking back", (_node("console-looking-back.test.mjs"),)),
        Part("console-alignment", "The console: goals and what supports them", (_node("console-alignment.test.mjs"),)),
        Part("console-states", "The console where something is missing", (_node("console-states.test.mjs"),)),
        Part("console-actions", "The console: what people record there", (_node("console-actions.test.mjs"),)),
        Part(
            "proof",
            "The console's verification of proofs, by published vectors and on a log",
            (("tsc", "--project", "tsconfig.proof.json"), _node("proof.test.mjs")),
        ),
        Part("console-proof", "Proofs in Chromium", (_node("console-proof.test.mjs"),)),
        Part("console-ask", "The query editor in Chromium", (_node("console-ask.test.mjs"),)),
        Part("console-sign-in", "The sign-in by an issuer", (_node("console-sign-in.test.mjs"),)),
        Part("http", "GraphQL over HTTP: the 61 audits of graphql-http, and fetch", (_node("http.test.mjs"),)),
        Part("statuses", "The newest draft's statuses, to Apollo and urql", (_node("statuses.test.mjs"),)),
        Part("readme", "The documents of README and docs", (_node("readme.test.mjs"),)),
        Part("relay-server", "Relay's server specification", (_node("relay-server.test.mjs"),)),
        Part("relay", "Relay, compiler and runtime", (compiled, _node("relay.test.mjs"))),
        Part(
            "trusted",
            "Documents that were agreed on, by Relay's compiler",
            (("relay-compiler", "relay.trusted.config.json"), _node("trusted.test.mjs")),
        ),
        Part("apollo", "Apollo Client", (_node("apollo.test.mjs"),)),
        Part("urql", "urql", (_node("urql.test.mjs"),)),
        Part(
            "codegen",
            "graphql-codegen, and tsc --strict on what it makes",
            (
                ("graphql-codegen", "--config", "codegen/codegen.ts"),
                ("tsc",),
                _node("build/typescript/codegen/program.js"),
            ),
        ),
        Part("caches", "Then and now in the caches of Apollo and Relay", (compiled, _node("caches.test.mjs"))),
        Part("graphql-ws", "graphql-ws, over restarts of the server", (_node("graphql-ws.test.mjs"),)),
        Part("graphql-sse", "graphql-sse, over restarts of the server", (_node("graphql-sse.test.mjs"),)),
        Part("fuzz", "Schemathesis", ((str(python), "fuzz.py"),)),
    ]


# ── installation ──────────────────────────────────────────────────────────────────────────────────


def install() -> None:
    """Install missing packages. Raises `SystemExit` if that fails."""
    _check_node()
    if _is_older(HERE / "node_modules" / ".installed", HERE / "package.json"):
        _run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        (HERE / "node_modules" / ".installed").touch()
    if _is_older(FUZZ / ".installed", HERE / "constraints.txt"):
        venv.create(FUZZ, with_pip=True, clear=True)
        pip = [str(FUZZ / ("Scripts" if os.name == "nt" else "bin") / "python"), "-m", "pip"]
        _run(*pip, "install", "--quiet", "--disable-pip-version-check", "--requirement", "constraints.txt")
        (FUZZ / ".installed").touch()


def _empty_build_directories() -> None:
    """Empty the output directories of the compilers.

    Relay's compiler writes CommonJS, and adds only new documents to an existing manifest.
    """
    for made in ("relay", "trusted"):
        shutil.rmtree(BUILD / made, ignore_errors=True)
        (BUILD / made).mkdir(parents=True)
        (BUILD / made / "package.json").write_text('{"type": "commonjs"}')
    (BUILD / "trusted.json").write_text("{}")


def _check_node() -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise SystemExit("This needs Node and npm: see https://nodejs.org.")
    output = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(part) for part in output.strip().removeprefix("v").split(".")[:2])
    if version < NODE_MIN:
        raise SystemExit(f"This needs Node {'.'.join(map(str, NODE_MIN))} or newer, not {output.strip()}.")


def _is_older(stamp: Path, source: Path) -> bool:
    return not stamp.exists() or stamp.stat().st_mtime < source.stat().st_mtime


def _run(*command: str) -> None:
    found = shutil.which(command[0]) or command[0]
    done = subprocess.run([found, *command[1:]], cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")


# ── running ───────────────────────────────────────────────────────────────────────────────────────


def _run_part(part: Part, environment: Mapping[str, str]) -> Iterator[Result]:
    for command in part.commands:
        try:
            done = _run_command(command, environment)
        except subprocess.TimeoutExpired:
            yield Result(" ".join(command), ok=False, error=f"It did not end within {COMMAND_SECONDS_MAX} s.")
            return
        results = [Result(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith('{"name":')]
        yield from results
        if not results or (done.returncode and all(result.ok for result in results)):
            yield Result(" ".join(command), done.returncode == 0, (done.stdout + done.stderr).strip())
        if done.returncode:
            return  # later commands need the result of this one


def _run_command(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    found = shutil.which(command[0], path=str(HERE / "node_modules" / ".bin")) or command[0]
    return subprocess.run(
        [found, *command[1:]],
        cwd=HERE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS_MAX,
    )


def run_parts(chosen: Sequence[Part]) -> tuple[dict[Part, tuple[list[Result], float]], str]:
    """The results and the duration of each part, in seconds, and the log of the server."""
    found = {}
    with console.status("A company lives through a year …") as status, running() as (server, control):
        ours = {
            "KEYFRAME_URL": server.url,
            "KEYFRAME_TOKEN": server.token,
            "KEYFRAME_MEMBER_TOKEN": server.member_token,
            "KEYFRAME_CONTROL": control,
        }
        environment = {**os.environ, **ours, "NO_COLOR": "1"}
        for part in chosen:
            status.update(f"{part.title} …")
            begun = monotonic()
            results = list(_run_part(part, environment))
            found[part] = (results, monotonic() - begun)
        return found, server.log_text()


def show(found: Mapping[Part, tuple[list[Result], float]], journal: str) -> bool:
    """Print the results; returns whether all checks passed."""
    table = Table("", "holds", "of", "seconds", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for part, (results, seconds) in found.items():
        passed = sum(result.ok for result in results)
        style = "" if passed == len(results) else "red"
        table.add_row(part.title, f"{passed}", f"{len(results)}", f"{seconds:.1f}", style=style)
    console.print(table)
    failed = [(part, result) for part, (results, _) in found.items() for result in results if not result.ok]
    for part, result in failed:
        console.print(f"\n[red]{part.name}: [bold]{result.name}[/bold][/red]")
        console.print(
            "\n".join((result.error or "").splitlines()[:TRACE_LINES_MAX]), markup=False, soft_wrap=True, style="dim"
        )
    complaints = [line for line in journal.splitlines() if '"level": "info"' not in line]
    if failed and complaints:
        console.print("\nThe server's journal ends with:")
        console.print("\n".join(complaints[-TRACE_LINES_MAX:]), markup=False, soft_wrap=True, style="dim")
    console.print("\nAll of it holds." if not failed else f"\n[red]{len(failed)} failed.[/red]")
    return not failed


def main(names: Sequence[str]) -> int:
    chosen = [part for part in parts() if not names or part.name in names]
    unknown = set(names) - {part.name for part in parts()}
    if unknown:
        raise SystemExit(f"There is no part {', '.join(sorted(unknown))}: {', '.join(part.name for part in parts())}.")
    install()
    _empty_build_directories()
    return 0 if show(*run_parts(chosen)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
