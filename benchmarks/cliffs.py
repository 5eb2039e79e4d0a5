"""Each document ten times in a row on a large workspace: no run is much slower than the first.

PostgreSQL may change from plans for the parameters to a generic plan after a statement was executed five times; a cliff
shows between the fifth and the sixth run.

Run: python -m benchmarks.cliffs [OBJECTIVES]
"""

import sys
from statistics import median
from typing import Final

from benchmarks.company import goals, write
from benchmarks.measuring import report, timed, worlds

OBJECTIVES: Final = 1_000
KEY_RESULTS: Final = 4
ROUNDS: Final = 12
RUNS: Final = 10
GOAL: Final = 2
CHANGES: Final = "changes(first: 5) { nodes { position } }"
DOCUMENTS: Final = {
    "objectives with the changes of their key results": f"""{{ objectives(first: 1000) {{ nodes {{
        title progress {{ value expected health explain {{ label value }} }}
        keyResults {{ title progress {{ value explain {{ label value }} }} {CHANGES} }}
    }} }} }}""",
    "a filtered page": """{ objectives(first: 50, filter: {cycle: {key: "2026-q1"}, search: "objective 7"}) {
        totalCount nodes { title progress { value } keyResults { current } }
    } }""",
    "changes of a cycle": """{ changes(last: 50, filter: {cycle: {key: "2026-q1"}}) {
        totalCount nodes { position late fields { field before after } effect { before after } }
    } }""",
    "goalposts": """{ retrospective(cycle: {key: "2026-q1"}) { goalpostChanges(first: 10) { nodes { position } } } }""",
}


def main(objectives: int = OBJECTIVES) -> None:
    with worlds() as new:
        world = new()
        events = write(world.log, goals(objectives, KEY_RESULTS, ROUNDS))
        world.catch_up()
        for name, document in DOCUMENTS.items():
            first, *later = (timed(lambda text=document: world.ask(text)) for _ in range(RUNS))  # type: ignore[misc]
            figures = f"first {first:.2f} s, then {median(later):.2f} s (p50) on {events:,} events"
            report(f"{name}: slowest of {RUNS} runs / first", max(later) / first, f"<= {GOAL}", figures)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
