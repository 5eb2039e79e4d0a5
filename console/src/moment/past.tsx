// The mark of a page that shows the past: which day it is, and whether by what was known then or is known now.
import { useQuery } from "@urql/preact";
import { useEffect } from "preact/hooks";

import { clock, dayOf, isEndOfDay, onWeekday, percent } from "../parts/words";
import { useDayTitle } from "../title";
import { BESIDE } from "./documents";
import { useDragged } from "./dragged";
import { NOW, useMoment } from "./moment";

/** `cycle`: the key of the cycle whose progress is given for both; null on pages without one. */
export function Past({ cycle }: { cycle: string | null }) {
  const { moment, show } = useMoment();
  const dragged = useDragged();
  const at = dragged === undefined ? moment.at : dragged;
  const isPast = at !== null;
  useDayTitle(at === null ? null : onWeekday(dayOf(at)));
  useEffect(() => {
    document.documentElement.classList.toggle("past", isPast);
    return () => document.documentElement.classList.remove("past");
  }, [isPast]);
  if (at === null) return null;
  return (
    <div class="banner" role="status">
      <span class="day">
        <small>The past:</small> {isEndOfDay(at) ? "end of " : ""}<b>{onWeekday(dayOf(at))}</b>{isEndOfDay(at) ? "" : `, ${clock(at)}`}
      </span>
      <Knowledge cycle={dragged === undefined ? cycle : null} />
      <button type="button" class="back" onClick={() => show(NOW)}>Back to now</button>
    </div>
  );
}

/** The switch between what is known now of then and what was known then, with the progress of the cycle by both. */
function Knowledge({ cycle }: { cycle: string | null }) {
  const { moment, show } = useMoment();
  const [{ data }] = useQuery({ query: BESIDE, variables: { cycle: cycle ?? "", at: moment.at ?? "" }, pause: cycle === null || moment.at === null });
  const isOfThis = cycle !== null && data !== undefined;
  const choose = (asKnownThen: boolean) => moment.at !== null && show({ ...moment, asKnownThen });
  return (
    <span class="switch" role="group" aria-label="Knowledge">
      <button type="button" aria-pressed={!moment.asKnownThen} onClick={() => choose(false)} title="With everything that was recorded since, late and corrected measurements included">
        as known now {isOfThis && <b>{percent(data.now.cycle?.progress.value)}</b>}
      </button>
      <button type="button" aria-pressed={moment.asKnownThen} onClick={() => choose(true)} title="Only with what had been recorded by then">
        as known then {isOfThis && <b>{data.then.cycle ? percent(data.then.cycle.progress.value) : "nothing"}</b>}
      </button>
    </span>
  );
}
