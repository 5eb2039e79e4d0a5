"""Whatever clients in use expect of Keyframe, tried out with these clients: `python -m tests.conformance`.

Needs Node, and fetches from npm and PyPI what it needs beside, in exact versions. What is named is tried alone:
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
    """What became of one thing that has to hold."""

    name: str
    ok: bool
    error: str | None = None


class Part(NamedTuple):
    """Things that are tried out together: the commands, in their order, that try them."""

    name: str
    title: str
    commands: tuple[tuple[str, ...], ...]


def _node(file: str) -> tuple[str, ...]:
    return ("node", "--test", "--test-reporter=./reporter.mjs", file)


def parts() -> list[Part]:
    python = FUZZ / ("Scripts" if os.name == "nt" else "bin") / "python"
    compiled = ("relay-compiler", "relay.config.json")
    return [
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


# ── what is needed ────────────────────────────────────────────────────────────────────────────────


def install() -> None:
    """Fetch what is not there yet. Raises `SystemExit` if that cannot be."""
    _look_for_node()
    if _is_older(HERE / "node_modules" / ".installed", HERE / "package.json"):
        _run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        (HERE / "node_modules" / ".installed").touch()
    if _is_older(FUZZ / ".installed", HERE / "constraints.txt"):
        venv.create(FUZZ, with_pip=True, clear=True)
        pip = [str(FUZZ / ("Scripts" if os.name == "nt" else "bin") / "python"), "-m", "pip"]
        _run(*pip, "install", "--quiet", "--disable-pip-version-check", "--requirement", "constraints.txt")
        (FUZZ / ".installed").touch()


def _make_room() -> None:
    """Empty directories for what the compilers make; Relay's speaks CommonJS, and adds to a manifest that is there,
    but nothing for what it finds made already."""
    for made in ("relay", "trusted"):
        shutil.rmtree(BUILD / made, ignore_errors=True)
        (BUILD / made).mkdir(parents=True)
        (BUILD / made / "package.json").write_text('{"type": "commonjs"}')
    (BUILD / "trusted.json").write_text("{}")


def _look_for_node() -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise SystemExit("This needs Node and npm: see https://nodejs.org.")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(part) for part in said.strip().removeprefix("v").split(".")[:2])
    if version < NODE_MIN:
        raise SystemExit(f"This needs Node {'.'.join(map(str, NODE_MIN))} or newer, not {said.strip()}.")


def _is_older(stamp: Path, source: Path) -> bool:
    return not stamp.exists() or stamp.stat().st_mtime < source.stat().st_mtime


def _run(*command: str) -> None:
    found = shutil.which(command[0]) or command[0]
    done = subprocess.run([found, *command[1:]], cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")


# ── trying it out ─────────────────────────────────────────────────────────────────────────────────


def _tried(part: Part, environment: Mapping[str, str]) -> Iterator[Result]:
    for command in part.commands:
        try:
            done = _carried_out(command, environment)
        except subprocess.TimeoutExpired:
            yield Result(" ".join(command), ok=False, error=f"It did not end within {COMMAND_SECONDS_MAX} s.")
            return
        told = [Result(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith('{"name":')]
        yield from told
        if not told or (done.returncode and all(result.ok for result in told)):
            yield Result(" ".join(command), done.returncode == 0, (done.stdout + done.stderr).strip())
        if done.returncode:
            return  # what comes after it stands on it


def _carried_out(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
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


def try_out(chosen: Sequence[Part]) -> tuple[dict[Part, tuple[list[Result], float]], str]:
    """What was found of each part, and what the server had to say meanwhile."""
    found = {}
    with console.status("A company lives through two quarters …") as status, running() as (server, control):
        ours = {"KEYFRAME_URL": server.url, "KEYFRAME_TOKEN": server.token, "KEYFRAME_CONTROL": control}
        environment = {**os.environ, **ours, "NO_COLOR": "1"}
        for part in chosen:
            status.update(f"{part.title} …")
            begun = monotonic()
            results = list(_tried(part, environment))
            found[part] = (results, monotonic() - begun)
        return found, server.said()


def show(found: Mapping[Part, tuple[list[Result], float]], journal: str) -> bool:
    """Whether all of it holds."""
    table = Table("", "holds", "of", "seconds", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for part, (results, seconds) in found.items():
        held = sum(result.ok for result in results)
        style = "" if held == len(results) else "red"
        table.add_row(part.title, f"{held}", f"{len(results)}", f"{seconds:.1f}", style=style)
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
    _make_room()
    return 0 if show(*try_out(chosen)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
