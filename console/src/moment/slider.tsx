// One slider over the whole console: drag it to any day, play the quarter as a film, or go back to now.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

import { useLive } from "../api/live";
import { BURN_UP } from "../pages/documents";
import { dayOf, onDay, onWeekday, percent } from "../parts/words";
import type { Cycle } from "../viewer";
import { Curve } from "./curve";
import { announce } from "./film";
import { NOW, useMoment } from "./moment";

const DAY_MS = 86_400_000;
const FRAME_MS = 90;
/** The width of the thumb in rem, whose centre is on the day. */
const THUMB = 1.15;

export function Slider({ cycle }: { cycle: Cycle }) {
  const { moment, show } = useMoment();
  const [{ data }] = useLive({ query: BURN_UP, variables: { cycle: cycle.key } });
  const points = data?.cycle?.progressOverTime ?? [];
  const past = useMemo(() => points.filter((point) => Date.parse(point.at) <= Date.now()), [data]);
  const settled = placeOf(moment.at, past.map((point) => point.at));
  const [dragged, setDragged] = useState<number | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  const place = dragged ?? settled;

  const drag = useCallback(
    (to: number) => {
      setDragged(to);
      announce(to >= past.length - 1 ? null : (past[to]?.at ?? null));
    },
    [past],
  );
  const rest = useCallback(
    (to: number) => {
      setDragged(null);
      announce(undefined);
      show(to >= past.length - 1 ? NOW : { at: past[to]?.at ?? null, asKnownThen: moment.asKnownThen });
    },
    [past, moment.asKnownThen, show],
  );
  useFilm(isPlaying, place, past.length, drag, (to) => {
    setPlaying(false);
    rest(to);
  });
  if (past.length < 2) return null;
  const shown = past[Math.min(place, past.length - 1)];
  const isNow = place >= past.length - 1;
  const begin = share(past[0]!.at, cycle);
  const play = () => {
    if (isPlaying) return setPlaying(false), rest(place);
    if (isNow) drag(0);
    setPlaying(true);
  };
  return (
    <section class={`slider${isNow ? "" : " moved"}`} aria-label="Any moment">
      <button type="button" class="play" onClick={play} aria-label={isPlaying ? "Pause" : "Play the quarter"}>
        <svg viewBox="0 0 16 16" aria-hidden="true">{isPlaying ? <path d="M4 2.500h3v11H4zM9 2.500h3v11H9z" /> : <path d="M4.500 2v12l9-6Z" />}</svg>
      </button>
      <div class="track">
        <Curve points={points} startsOn={cycle.startsOn} endsOn={cycle.endsOn} at={isNow ? null : (shown?.at ?? null)} />
        <input
          type="range" min={0} max={past.length - 1} step={1} value={place}
          style={{ marginInlineStart: `calc(${begin * 100}% - ${THUMB / 2}rem)`, width: `calc(${(share(past.at(-1)!.at, cycle) - begin) * 100}% + ${THUMB}rem)` }}
          aria-label="Day" aria-valuetext={isNow ? "Now" : onWeekday(dayOf(shown!.at))}
          onInput={(event) => drag(Number(event.currentTarget.value))}
          onChange={(event) => rest(Number(event.currentTarget.value))}
        />
        <div class="ends" aria-hidden="true"><span>{onDay(cycle.startsOn)}</span><span>{onDay(cycle.endsOn)}</span></div>
      </div>
      <p class="reading" aria-hidden="true">
        <b>{isNow ? "Now" : onDay(dayOf(shown!.at))}</b>
        <span>{percent(shown?.value)} <i>planned {percent(shown?.expected)}</i></span>
      </p>
    </section>
  );
}

/** Move by a day at each step, until the end. */
function useFilm(isPlaying: boolean, place: number, length: number, drag: (to: number) => void, end: (to: number) => void): void {
  const at = useRef(place);
  at.current = place;
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => {
      if (at.current >= length - 1) end(length - 1);
      else drag(at.current + 1);
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [isPlaying, length, drag]);
}

/** The place of the last point that is not after a moment. */
export function placeOf(at: string | null, points: ReadonlyArray<string>): number {
  if (at === null) return Math.max(0, points.length - 1);
  const wanted = Date.parse(at);
  const after = points.findIndex((point) => Date.parse(point) > wanted);
  return Math.max(0, (after === -1 ? points.length : after) - 1);
}

/** Where a moment is between the first and the last day of a cycle, as a share. */
function share(at: string, cycle: Pick<Cycle, "startsOn" | "endsOn">): number {
  const begin = Date.parse(cycle.startsOn);
  return Math.min(1, Math.max(0, (Date.parse(at) - begin) / (Date.parse(cycle.endsOn) + DAY_MS - begin)));
}
