// The tree of goals as a picture: cards that lead to the cards below them, with arrow keys as trees have them.
import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";

import type { TreeOpenedFragment, TreeRowFragment } from "../../generated/graphql";
import { type Figures, figuresIn, isFilmed, useFrame } from "../../moment/film";
import { useMoment } from "../../moment/moment";
import { useShown } from "../../moment/shown";
import { Bar } from "../../parts/bar";
import { HealthMark } from "../../parts/health";
import { toggled } from "../../parts/sets";
import { isGiven, percent } from "../../parts/words";
import { focusIn } from "./keys";

type KeyResult = TreeOpenedFragment["keyResults"][number];

/** The goals of a level, and how many there are. */
export interface Level {
  rows: ReadonlyArray<TreeRowFragment>;
  total: number;
}

interface Shown {
  /** The cycle that the page shows: goals of others name theirs. */
  cycle: string;
  branches: ReadonlyMap<string, TreeOpenedFragment>;
  opened: ReadonlySet<string>;
  onToggle: (id: string) => void;
  /** Load more goals of long levels; null where no more are loaded. */
  onMore: (() => void) | null;
}

interface Inner extends Shown {
  folded: ReadonlySet<string>;
  /** The path of the item that the Tab key leads to. */
  stop: string;
  onStop: (path: string) => void;
}

const TreeContext = createContext<Inner | null>(null);

export function Tree({ top, ...shown }: Shown & { top: Level }) {
  const tree = useRef<HTMLUListElement>(null);
  const first = top.rows[0]!.entityId;
  const [stop, setStop] = useState(first);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (!tree.current?.querySelector('[tabindex="0"]')) setStop(first);
  });
  const toggle = (id: string) => {
    const isKeyResult = [...shown.branches.values()].some((one) => one.keyResults.some((keyResult) => keyResult.entityId === id));
    if (!isKeyResult) return shown.onToggle(id);
    setFolded((before) => toggled(before, id));
  };
  return (
    <TreeContext.Provider value={{ ...shown, folded, onToggle: toggle, stop, onStop: setStop }}>
      <div class="tree-window">
        <ul class="tree-picture" role="tree" aria-label="Goals and the goals that support them" ref={tree} onKeyDown={(event) => focusIn(tree.current!, event, toggle)}>
          <Rows level={top} path="" depth={1} isTop />
        </ul>
      </div>
    </TreeContext.Provider>
  );
}

interface Place {
  path: string;
  depth: number;
}

function Rows({ level, path, depth, isTop = false, before = [], others = 0 }: Place & { level: Level; isTop?: boolean; before?: ReadonlyArray<KeyResult>; others?: number }) {
  const { onMore } = useContext(TreeContext)!;
  const more = level.total - level.rows.length;
  const size = before.length + level.rows.length + others + (more > 0 ? 1 : 0);
  return (
    <>
      {before.map((one, place) => <OfKeyResult key={one.entityId} keyResult={one} path={`${path}/${one.entityId}`} depth={depth} place={place + 1} size={size} />)}
      {level.rows.map((row, place) => <OfObjective key={row.entityId} row={row} path={path ? `${path}/${row.entityId}` : row.entityId} depth={depth} place={before.length + place + 1} size={size} isTop={isTop} />)}
      {more > 0 && (
        <Item id={`${path}/more`} path={`${path}/more`} depth={depth} place={size} size={size} isOpen={null}>
          <button type="button" class="quiet" tabIndex={-1} disabled={!onMore} onClick={onMore ?? undefined}>{more} more</button>
        </Item>
      )}
    </>
  );
}

interface Placed extends Place {
  place: number;
  size: number;
}

function OfObjective({ row, isTop, ...placed }: Placed & { row: TreeRowFragment; isTop: boolean }) {
  const { branches, opened, cycle } = useContext(TreeContext)!;
  const { link } = useMoment();
  const [measure, isShown] = useShown();
  const { figures, isWaiting } = useFigures(row, isShown);
  const below = hasBelow(row);
  const isOpen = below ? opened.has(row.entityId) : null;
  const inside = branches.get(row.entityId);
  const about = [row.team?.name ?? "No team", row.cycle.key === cycle ? null : row.cycle.name, row.owner?.name].filter(Boolean).join(" · ");
  return (
    <Item
      id={row.entityId} {...placed} isOpen={isOpen} count={row.below.totalCount + sum(row.keyResults)}
      below={isOpen && <Below inside={inside} path={placed.path} depth={placed.depth + 1} />}
    >
      <div ref={measure} class={`leaf-body${isWaiting ? " waiting" : ""}`}>
        {isTop && <Above row={row} />}
        <Standing title={row.title} figures={figures}><Link tabIndex={-1} href={link(`/objective/${row.entityId}`)}>{row.title}</Link></Standing>
        <p class="leaf-about">{about}</p>
      </div>
    </Item>
  );
}

/** What an objective at the top supports, if that is not shown, or that it supports nothing though there is a level above. */
function Above({ row }: { row: TreeRowFragment }) {
  if (row.supports.length > 0) return <p class="leaf-about above">supports {row.supports.map((goal) => goal.title).join(" and ")}</p>;
  return row.team?.parent ? <p class="leaf-about above alone">supports no other goal</p> : null;
}

function OfKeyResult({ keyResult, ...placed }: Placed & { keyResult: KeyResult }) {
  const { folded } = useContext(TreeContext)!;
  const [measure, isShown] = useShown();
  const { figures, isWaiting } = useFigures(keyResult, isShown);
  const isOpen = !folded.has(keyResult.entityId);
  const { title, supportedBy } = keyResult;
  const level = { rows: supportedBy.edges.map((edge) => edge.node), total: supportedBy.totalCount };
  return (
    <Item
      id={keyResult.entityId} {...placed} isOpen={isOpen} count={level.total} isKeyResult
      below={isOpen && <Rows level={level} path={placed.path} depth={placed.depth + 1} />}
    >
      <div ref={measure} class={`leaf-body${isWaiting ? " waiting" : ""}`}>
        <Standing title={title} figures={figures}><span>{title}</span></Standing>
        <p class="leaf-about">key result</p>
      </div>
    </Item>
  );
}

/** What is below an objective: its key results that are supported, and what supports it as a whole. */
function Below({ inside, ...place }: Place & { inside: TreeOpenedFragment | undefined }) {
  if (!inside) return <li role="none" class="leaf-loading">Loading …</li>;
  const through = inside.keyResults.filter((one) => one.supportedBy.totalCount > 0);
  const level = { rows: inside.supportedBy.edges.map((edge) => edge.node), total: inside.supportedBy.totalCount };
  return <Rows level={level} before={through} {...place} />;
}

interface ItemProps extends Placed {
  id: string;
  /** Whether it is unfolded; null where there is nothing below. */
  isOpen: boolean | null;
  count?: number;
  isKeyResult?: boolean;
  below?: ComponentChildren;
  children: ComponentChildren;
}

/** An item of the tree, which its content names, and the level below it. */
function Item({ id, path, depth, place, size, isOpen, count = 0, isKeyResult = false, below, children }: ItemProps) {
  const { stop, onStop, onToggle } = useContext(TreeContext)!;
  return (
    <li role="none">
      <div
        class={`leaf${isKeyResult ? " of-key-result" : ""}${isOpen ? " open" : ""}`} role="treeitem"
        aria-level={depth} aria-posinset={place} aria-setsize={size} aria-expanded={isOpen ?? undefined}
        tabIndex={path === stop ? 0 : -1} data-id={id} onFocus={(event) => event.target === event.currentTarget && onStop(path)}
      >
        {children}
        {isOpen !== null && (
          <button type="button" class="fold" tabIndex={-1} aria-hidden="true" title={isOpen ? "Fold" : "Unfold"} onClick={() => { onStop(path); onToggle(id); }}>
            {count}<svg viewBox="0 0 16 16"><path d="m6 3.5 4.5 4.5L6 12.5" /></svg>
          </button>
        )}
      </div>
      {below && <ul role="group">{below}</ul>}
    </li>
  );
}

/** Health, title and progress of a goal, and its bar. */
function Standing({ title, figures, children }: { title: string; figures: Figures; children: ComponentChildren }) {
  return (
    <>
      <p class="leaf-title"><HealthMark health={figures.health} />{children}<span class="share">{percent(figures.value)}</span></p>
      <div aria-hidden="true"><Bar small figures={figures} label={title} /></div>
      {isGiven(figures.expected) && <span class="unseen">planned {percent(figures.expected)}</span>}
    </>
  );
}

/** The figures of a goal as the slider is dragged. One that is not in the film keeps its own, and waits. */
function useFigures({ entityId, progress }: TreeRowFragment | KeyResult, isShown: boolean): { figures: Figures; isWaiting: boolean } {
  const frame = useFrame(isShown);
  if (!frame) return { figures: progress, isWaiting: false };
  if (!isFilmed(frame, entityId)) return { figures: progress, isWaiting: true };
  return { figures: figuresIn(frame, entityId) ?? {}, isWaiting: false };
}

/** Whether some goal supports an objective, or one of its key results. */
export const hasBelow = (row: TreeRowFragment): boolean => row.below.totalCount > 0 || row.keyResults.some((one) => one.below.totalCount > 0);

const sum = (keyResults: TreeRowFragment["keyResults"]): number => keyResults.reduce((total, one) => total + one.below.totalCount, 0);
