// What stays around every page: navigation, who is signed in, and the slider of moments.
import { useQuery, useSubscription } from "@urql/preact";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";

import { withParameters } from "./address";
import { announceChange } from "./api/live";
import { FilmContext, useLoadedFilm } from "./moment/film";
import { fromSearch, MomentContext, withMoment, type Moment } from "./moment/moment";
import { Past } from "./moment/past";
import { Slider } from "./moment/slider";
import type { Permission, WhoQuery } from "./generated/graphql";
import { CHANGES, WHO } from "./documents";
import { Failed, isForbidden, Loading, State } from "./parts/states";
import { authorOf, ROLES, showIn } from "./parts/words";
import { LookingContext, usualCycle, type Looking } from "./viewer";

const PAGES: { path: string; name: string; needs?: Permission }[] = [
  { path: "/", name: "Quarter" },
  { path: "/alignment", name: "Alignment" },
  { path: "/kpis", name: "KPIs" },
  { path: "/changes", name: "What changed" },
  { path: "/looking-back", name: "Looking back" },
  { path: "/week", name: "My week" },
  { path: "/proof", name: "Proof", needs: "READ_LEDGER" },
  { path: "/graphql", name: "Ask" },
];

interface Props {
  isReachable: boolean;
  /** End the session. */
  leave: () => void;
  children: ComponentChildren;
}

export function Frame({ isReachable, leave, children }: Props) {
  const [{ data, error }, again] = useQuery({ query: WHO });
  if (error && !data) return <Alone>{isForbidden(error) ? <ReadsNothing leave={leave} /> : <Failed error={error} again={again} />}</Alone>;
  if (!data) return <Loading />;
  if (!data.cycles) return <Alone><ReadsNothing leave={leave} /></Alone>;
  return (
    <Signed who={data} isReachable={isReachable} leave={leave}>
      {children}
    </Signed>
  );
}

const Alone = ({ children }: { children: ComponentChildren }) => <main class="alone">{children}</main>;

/** Somebody who may record but not read. */
function ReadsNothing({ leave }: { leave: () => void }) {
  return (
    <State title="Your role reads nothing here">
      <p>You are signed in, and your role, such as one that only records readings, shows no goals. Ask an administrator for another one, or sign in as somebody else.</p>
      <button type="button" onClick={leave}>Sign out</button>
    </State>
  );
}

function Signed({ who, isReachable, leave, children }: Props & { who: WhoQuery }) {
  showIn(who.workspace.calendar.timeZone);
  const [path, navigate] = useLocation();
  const search = useSearch();
  const moment = useMemo(() => fromSearch(search), [search]);
  const looking = useMemo<Looking>(() => {
    const cycles = who.cycles.edges.map((edge) => edge.node);
    const key = new URLSearchParams(search).get("cycle");
    return { viewer: who.viewer, zone: who.workspace.calendar.timeZone, since: who.changes?.edges[0]?.node.recordedAt ?? null, cycles, cycle: cycles.find((one) => one.key === key) ?? usualCycle(cycles) };
  }, [who, search]);
  const moments = useMemo(
    () => ({
      moment,
      show: (next: Moment) => navigate(`${path}${withMoment(search, next)}`, { replace: true }),
      link: (to: string) => `${to}${withMoment(withoutFilters(search), moment)}`,
    }),
    [moment, path, search],
  );
  const isOfNow = path === "/week" || path.startsWith("/proof");
  const main = useRef<HTMLElement>(null);
  const nav = useRef<HTMLElement>(null);
  const opened = useRef(path);
  const isBack = useGoingBack(opened);
  useEffect(() => {
    showCurrent(nav.current);
    if (opened.current === path) return; // the browser has focus and place of the first page
    opened.current = path;
    main.current?.focus({ preventScroll: true });
    if (!isBack.current) window.scrollTo(0, 0);
    isBack.current = false;
  }, [path]);
  useFollowing(who.workspace.head);
  const film = useLoadedFilm(isOfNow ? null : looking.cycle);
  const isFilmed = path === "/" || path === "/alignment" || path.startsWith("/objective/");
  return (
    <LookingContext.Provider value={looking}>
      <MomentContext.Provider value={moments}>
        <FilmContext.Provider value={film}>
        <div class="frame">
          <a class="skip" href="#main">Skip to the page</a>
          <header class="top">
            <Link href={moments.link("/")} class="brand" aria-label="Keyframe">
              <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 1.5 22.5 12 12 22.5 1.5 12Z" /><path class="hole" d="M12 7.5 16.5 12 12 16.5 7.5 12Z" /></svg>
              <span>Keyframe</span>
            </Link>
            <nav aria-label="Pages" ref={nav}>
              {PAGES.filter(({ needs }) => needs === undefined || who.viewer.can.includes(needs)).map((page) => (
                <Link key={page.path} href={moments.link(page.path)} aria-current={page.path === path ? "page" : undefined}>
                  {page.name}
                </Link>
              ))}
            </nav>
            <div class="who">
              <span class="who-name">{authorOf(who.viewer)}</span>
              <span class="who-role">{who.viewer.roles.map((role) => ROLES[role] ?? role).join(", ")}</span>
              <button type="button" class="quiet" onClick={leave}>Sign out</button>
            </div>
          </header>
          {!isOfNow && <Past cycle={path === "/" ? (looking.cycle?.key ?? null) : null} />}
          {!isReachable && <p class="gone" role="alert">The server does not answer. The page goes on as soon as it is back.</p>}
          <main id="main" tabIndex={-1} ref={main}>{children}</main>
          {!isOfNow && looking.cycle && <Slider key={looking.cycle.key} cycle={looking.cycle} isFilmedPage={isFilmed} />}
        </div>
        </FilmContext.Provider>
      </MomentContext.Provider>
    </LookingContext.Provider>
  );
}

/** Whether the browser goes back or forth to another page, where it restores the scrolled place itself. */
function useGoingBack(opened: { current: string }): { current: boolean } {
  const isBack = useRef(false);
  useEffect(() => {
    const mark = () => { isBack.current = location.pathname !== opened.current; };
    window.addEventListener("popstate", mark);
    return () => window.removeEventListener("popstate", mark);
  }, []);
  return isBack;
}

/** Scroll the navigation of a small screen to the page that is shown. */
function showCurrent(nav: HTMLElement | null): void {
  const current = nav?.querySelector<HTMLElement>("[aria-current]");
  if (nav && current) nav.scrollLeft = current.offsetLeft - nav.offsetLeft - (nav.clientWidth - current.clientWidth) / 2;
}

/** The query of another page: the cycle alone goes along. */
const withoutFilters = (search: string): string => withParameters("", { cycle: new URLSearchParams(search).get("cycle") });

/** Tell the pages of each change after the position at which the first of them began to load, a moment after the last
 * one of a burst. */
function useFollowing(head: number): void {
  const [after] = useState(head);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  useSubscription({ query: CHANGES, variables: { after } }, (_, change) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(announceChange, 150);
    return change;
  });
}
