"""Statements that were executed, and how much PostgreSQL works for them with a generic and with a custom plan."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple
from unittest.mock import patch

import psycopg
from psycopg import sql
from psycopg.adapt import PyFormat, Transformer

Connection = psycopg.Connection[Any]
Params = Mapping[str, Any] | Sequence[Any]
Mode = Literal["force_generic_plan", "force_custom_plan"]

EXAMPLES_MAX = 3
"""How many sets of parameters are kept of each statement."""
TIMEOUT_S = 20

_MET, _LEFT_OUT = {"Actual Rows"}, "Rows Removed by"
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[sbt]")


class Statement(NamedTuple):
    """A query and the parameters with which it was executed."""

    text: str
    examples: list[Params]


class Plan(NamedTuple):
    """How a statement was executed. `work` is the number of rows that all steps of the plan met, and of the blocks that
    they read: it does not depend on the machine. `scanned` are the tables that were read wholly."""

    work: float
    scanned: frozenset[str]


@contextmanager
def recorded_statements() -> Iterator[dict[str, Statement]]:
    """The statements with parameters that are executed meanwhile and may be prepared, by their text."""
    found: dict[str, Statement] = {}
    execute = psycopg.Cursor.execute

    def recording(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        if params and options.get("prepare") is not False:
            text = query.decode() if isinstance(query, bytes) else str(query)
            examples = found.setdefault(text, Statement(text, [])).examples
            if len(examples) < EXAMPLES_MAX:
                examples.append(params)
        return execute(self, query, params, **options)

    with patch.object(psycopg.Cursor, "execute", recording):
        yield found


def reads(statement: Statement) -> bool:
    """Whether a statement only reads tables."""
    is_query = re.match(r"\s*(select|with)\b", statement.text) and " from " in statement.text.replace("\n", " ")
    return bool(is_query) and not re.search(r"append|settle|advisory|for update|pg_", statement.text)


def explained(conn: Connection, statement: str, params: Params, mode: Mode) -> Plan:
    """The plan of a statement, executed as a prepared one. Raises `QueryCanceled` after `TIMEOUT_S`."""
    text, values = _numbered(statement, params)
    with conn.transaction(force_rollback=True):
        conn.execute(f"select set_config('plan_cache_mode', '{mode}', true)")
        conn.execute(f"select set_config('statement_timeout', '{TIMEOUT_S}s', true)")
        types = _types(conn, values)
        conn.execute(sql.SQL(f"prepare explained ({types}) as {text}"))
        execute = sql.SQL("execute explained ({})").format(sql.SQL(", ").join(map(sql.Literal, values)))
        explain = sql.SQL("explain (analyze, buffers, timing off, format json) {}").format(execute)
        (((root,),),) = conn.execute(explain).fetchall()
        conn.execute("deallocate explained")
    return _measured(root["Plan"])


def _numbered(statement: str, params: Params) -> tuple[str, list[Any]]:
    """The statement with the placeholders $1, $2 …, and their values."""
    names: dict[Any, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${names.setdefault(found[1] or len(names), len(names)) + 1}"

    given = params if isinstance(params, Mapping) else dict(enumerate(params))
    text = _PLACEHOLDER.sub(number, statement).replace("%%", "%")
    return text, [given[name] for name in names]


def _types(conn: Connection, values: Sequence[Any]) -> str:
    """The types that psycopg sends with these values."""
    transformer = Transformer(conn)
    transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    query = "select string_agg(case when t = 0 then 'unknown' else format_type(t, null) end, ', ' order by n)"
    ((types,),) = conn.execute(
        f"{query} from unnest(%s::oid[]) with ordinality as u (t, n)", [list(transformer.types or ())]
    )
    return str(types)


def _measured(root: Mapping[str, Any]) -> Plan:
    """The rows of a step include those that it leaves out; it met them in each of its loops."""
    steps = list(_steps(root))
    rows = sum(
        step["Actual Loops"] * sum(count for key, count in step.items() if key in _MET or key.startswith(_LEFT_OUT))
        for step in steps
    )
    scanned = frozenset(step["Relation Name"] for step in steps if step["Node Type"] == "Seq Scan")
    return Plan(rows + root["Shared Hit Blocks"] + root["Shared Read Blocks"], scanned)


def _steps(step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield step
    for below in step.get("Plans", ()):
        yield from _steps(below)
