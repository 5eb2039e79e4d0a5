// The changes of something as a list, newest first: all of them, or those of one sort.
import { useMemo, useState } from "preact/hooks";

import type { ChangeLineFragment } from "../generated/graphql";
import { ChangeLine, hasMoved, saidIn } from "./change";
import { onDay } from "./words";

const SORTS: [name: string, holds: (change: ChangeLineFragment) => boolean][] = [
  ["Everything", () => true],
  ["Moved progress", hasMoved],
  ["Targets and scope", ({ effect }) => effect?.cause === "GOALPOST" || effect?.cause === "SCOPE"],
  ["Notes and comments", (change) => saidIn(change) !== null || !!change.reason],
];

interface Props {
  /** Oldest first. */
  changes: ReadonlyArray<ChangeLineFragment>;
  total: number;
  /** The id of what the changes are about. */
  here: string;
  /** Show so many of the changes; without a number, some more. */
  onMore: (count?: number) => void;
}

export function History({ changes, total, here, onMore }: Props) {
  const [sort, setSort] = useState(0);
  const newest = useMemo(() => changes.toReversed(), [changes]);
  const [, holds] = SORTS[sort]!;
  const shown = newest.filter(holds);
  const earlier = total - changes.length;
  const choose = (place: number) => {
    setSort(place);
    if (place > 0 && earlier > 0) onMore(total);
  };
  return (
    <section aria-label="History">
      <h2>History <span class="count">{total}</span></h2>
      <div class="since" role="group" aria-label="Changes">
        {SORTS.map(([name, isOne], place) => (
          <button key={name} type="button" class="chip" aria-pressed={place === sort} onClick={() => choose(place)}>{name}{earlier <= 0 && <> <b>{newest.filter(isOne).length}</b></>}</button>
        ))}
      </div>
      {shown.length === 0 && <p class="help">None of the changes shown is one of these.</p>}
      <Lines changes={shown} here={here} />
      {earlier > 0 && <button type="button" onClick={() => onMore()}>Show {Math.min(earlier, MORE)} earlier changes of {earlier}</button>}
    </section>
  );
}

/** Changes, newest first. `here`: the id of what the page is about, if it is about one thing. */
export function Lines({ changes, here }: { changes: ReadonlyArray<ChangeLineFragment>; here: string | null }) {
  return (
    <ol class="history">
      {changes.map((change, place) => (
        <ChangeLine key={change.id} change={change} here={here} isNewDay={place === 0 || onDay(change.effectiveAt) !== onDay(changes[place - 1]!.effectiveAt)} />
      ))}
    </ol>
  );
}

/** So many changes are added at once. */
export const MORE = 100;
