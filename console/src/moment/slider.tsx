// One slider over the whole console: drag it to any day, play the quarter as a film, or go back to now.
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";

import { dayOf, onDay, onWeekday, percent } from "../parts/words";
import { type Cycle, useLooking } from "../viewer";
import { Curve } from "./curve";
import { DAY_MS, daysOf, dayStart } from "./days";
import { drag, wait } from "./dragged";
import { FilmContext, placeAt, type Point } from "./film";
import { NOW, useMoment } from "./moment";

/** How long a day of the film takes, by the name of its speed. */
const SPEEDS = { "½×": 180, "1×": 90, "2×": 45 } as const;
/** The shortest step on a page that asks the server for each day. */
const ASKING_MS = 700;
/** How long the slider pauses before pages ask for the day where it is. One that is held on a page with the film never
 * does: its frames have the figures. */
const PAUSE_MS = 180;
/** The width of the thumb in rem, whose centre is on the day. */
const THUMB = 1.15;

const RELEASES = ["pointerup", "pointercancel"] as const;

type Speed = keyof typeof SPEEDS;

/** `isFilmedPage`: whether the page shows the frames of the film; others ask for each day, and so does each page by what
 * was known then, since the film shows what is known now. */
export function Slider({ cycle, isFilmedPage }: { cycle: Cycle; isFilmedPage: boolean }) {
  const { zone } = useLooking();
  const { moment } = useMoment();
  const isFilmed = isFilmedPage && !moment.asKnownThen;
  const { film } = useContext(FilmContext);
  const days = useMemo(() => daysOf(cycle, zone), [cycle.key, cycle.startsOn, cycle.endsOn, zone]);
  const { place, isMoving, isPlaying, speed, setSpeed, move, rest, toggle } = useHead(days, isFilmed);
  const held = useRef<AbortController | null>(null);
  useEffect(() => () => held.current?.abort(), []);
  const hold = (event: PointerEvent) => {
    const range = event.currentTarget as HTMLInputElement;
    const holding = new AbortController();
    held.current = holding;
    const release = () => {
      holding.abort();
      held.current = null;
      setTimeout(() => rest(Number(range.value))); // after the last input of the drag
    };
    for (const name of RELEASES) window.addEventListener(name, release, { signal: holding.signal });
  };
  if (days.length < 2) return null;
  const last = days.length - 1;
  const isNow = place >= last && (isMoving || moment.at === null);
  const at = isNow ? days[last]! : isMoving ? days[place]! : (moment.at ?? days[place]!);
  const point = film.points.findLast((one) => (isNow ? isKnown(one) : Date.parse(one.at) <= Date.parse(at)));
  const begin = share(days[0]!, cycle, zone);
  const keys = (event: KeyboardEvent) => {
    if (event.key === " ") toggle();
    else if (event.key === "Escape") rest(last);
    else return;
    event.preventDefault();
  };
  return (
    <section class={`slider${isNow ? "" : " moved"}`} aria-label="Any moment">
      <div class="play-controls">
        <button type="button" class="play" onClick={toggle} aria-label={isPlaying ? "Pause" : "Play the cycle as a film"} title={isPlaying ? "Pause" : "Play the cycle as a film"}>
          <svg viewBox="0 0 16 16" aria-hidden="true">{isPlaying ? <path d="M4 2.5h3v11H4zM9 2.5h3v11H9z" /> : <path d="M4.5 2v12l9-6Z" />}</svg>
        </button>
        <button type="button" class="speed" onClick={() => setSpeed(faster(speed))} aria-label={`Speed of the film: ${speed}`} title="Speed of the film">{speed}</button>
      </div>
      <div class="track">
        <Curve points={film.points} startsOn={dayStart(cycle.startsOn, zone)} endsOn={endOf(cycle, zone)} at={isNow ? null : at} />
        <input
          type="range" min={0} max={last} step={1} value={place}
          style={{ marginInlineStart: `calc(${begin * 100}% - ${THUMB / 2}rem)`, width: `calc(${(share(days[last]!, cycle, zone) - begin) * 100}% + ${THUMB}rem)` }}
          aria-label="Day" aria-valuetext={isNow ? "Now" : onWeekday(dayOf(at))}
          onPointerDown={hold}
          onInput={(event) => move(Number(event.currentTarget.value), held.current !== null && isFilmed)}
          onKeyDown={keys}
        />
        <div class="ends" aria-hidden="true"><span>{onDay(cycle.startsOn)}</span><span>{onDay(cycle.endsOn)}</span></div>
      </div>
      <p class="reading" aria-hidden="true">
        <b>{isNow ? "Now" : onDay(dayOf(at))}</b>
        {point ? <span>{percent(point.value)} <i>planned {percent(point.expected)}{moment.asKnownThen && !isNow && ", as known now"}</i></span> : film.points.length > 0 ? <span>not begun</span> : <span class="dim">loading …</span>}
      </p>
    </section>
  );
}

/** Where the slider is, and how it moves: by hand, or as a film. */
function useHead(days: ReadonlyArray<string>, isFilmed: boolean) {
  const { moment, show } = useMoment();
  const last = days.length - 1;
  const settled = moment.at === null ? last : Math.max(0, placeAt(days.map((day) => Date.parse(day)), Date.parse(moment.at)));
  const [moved, setMoved] = useState<number | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<Speed>("1×");
  const pause = useRef<ReturnType<typeof setTimeout>>();
  const place = Math.min(moved ?? settled, last);
  const known = moment.asKnownThen;
  const momentAt = useCallback((to: number) => (to >= last ? NOW : { at: days[to] ?? null, asKnownThen: known }), [days, last, known]);
  const rest = useCallback((to: number) => {
    clearTimeout(pause.current);
    const at = momentAt(to);
    wait(at.at);
    drag(undefined);
    setMoved(null);
    setPlaying(false);
    show(at);
  }, [momentAt, show]);
  const move = useCallback((to: number, isHeld: boolean) => {
    clearTimeout(pause.current);
    setMoved(to);
    drag(momentAt(to).at);
    if (!isHeld) pause.current = setTimeout(() => rest(to), PAUSE_MS);
  }, [momentAt, rest]);
  const turn = useCallback((to: number) => {
    setMoved(to);
    drag(momentAt(to).at);
    if (!isFilmed) show(momentAt(to));
  }, [momentAt, show, isFilmed]);
  usePlaying(isPlaying, place, last, isFilmed ? SPEEDS[speed] : Math.max(ASKING_MS, SPEEDS[speed]), turn, rest);
  useEffect(() => () => { clearTimeout(pause.current); drag(undefined); }, []);
  const toggle = () => {
    if (isPlaying) return rest(place);
    clearTimeout(pause.current);
    turn(place >= last ? 0 : place);
    setPlaying(true);
  };
  return { place, isMoving: moved !== null, isPlaying, speed, setSpeed, move, rest, toggle };
}

/** Move by a day at each step until the end; by a week and slowly for those who want little motion. */
function usePlaying(isPlaying: boolean, place: number, last: number, stepMs: number, turn: (to: number) => void, end: (to: number) => void): void {
  const at = useRef(place);
  at.current = place;
  useEffect(() => {
    if (!isPlaying) return;
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const timer = setInterval(() => {
      if (at.current >= last) end(last);
      else turn(Math.min(last, at.current + (isStill ? 7 : 1)));
    }, isStill ? Math.max(1000, stepMs) : stepMs);
    return () => clearInterval(timer);
  }, [isPlaying, last, stepMs, turn, end]);
}

/** Whether a point is no part of the planned line after now. */
const isKnown = ({ value, health }: Point): boolean => (value ?? health ?? null) !== null;

function faster(speed: Speed): Speed {
  const names = Object.keys(SPEEDS) as Speed[];
  return names[(names.indexOf(speed) + 1) % names.length]!;
}

const endOf = (cycle: Pick<Cycle, "endsOn">, zone: string): number => dayStart(cycle.endsOn, zone) + DAY_MS;

/** Where a moment is between the first and the last day of a cycle, as a share. */
function share(at: string, cycle: Pick<Cycle, "startsOn" | "endsOn">, zone: string): number {
  const begin = dayStart(cycle.startsOn, zone);
  return Math.min(1, Math.max(0, (Date.parse(at) - begin) / (endOf(cycle, zone) - begin)));
}
