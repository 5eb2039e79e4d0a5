// Health by colour and by shape, so that nobody needs to tell colours apart.
import type { Health } from "../generated/graphql";
import { HEALTH, HEALTHS } from "./words";

const SHAPES: Record<Health, preact.JSX.Element> = {
  ON_TRACK: <circle cx="8" cy="8" r="5.5" />,
  AT_RISK: <path d="M8 2 14.5 13.5H1.5Z" />,
  OFF_TRACK: <path d="M8 1.2 14.8 8 8 14.8 1.2 8Z" />,
  OUTDATED: <path d="M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm0 2V8l2.6 1.8" class="line" />,
  PENDING: <circle cx="8" cy="8" r="5" class="dots" />,
  ACHIEVED: <path d="m2.5 8.5 3.7 3.7L13.5 4.5" class="line thick" />,
  PARTIAL: (
    <>
      <circle cx="8" cy="8" r="5.2" class="line" />
      <path d="M8 2.8a5.2 5.2 0 0 1 0 10.4Z" />
    </>
  ),
  MISSED: <path d="m3.5 3.5 9 9m0-9-9 9" class="line thick" />,
  DROPPED: <path d="M3 8h10" class="line thick" />,
};

export function HealthMark({ health, silent = false }: { health: Health | null | undefined; silent?: boolean }) {
  if (!health) return <span class="mark" />;
  return (
    <svg class={`mark health-${health}`} viewBox="0 0 16 16" role="img" aria-label={silent ? undefined : HEALTH[health]} aria-hidden={silent}>
      {SHAPES[health]}
    </svg>
  );
}

export function HealthLabel({ health }: { health: Health | null | undefined }) {
  if (!health) return null;
  return (
    <span class={`health health-${health}`}>
      <HealthMark health={health} silent />
      {HEALTH[health]}
    </span>
  );
}

type Counts = ReadonlyArray<{ health: Health; count: number }>;

interface Choosing {
  chosen: ReadonlySet<Health>;
  onChoose: (health: Health) => void;
}

/** How many goals have each health: a bar of shares, and a legend, which filters where one can choose. */
export function HealthCounts({ counts, choosing }: { counts: Counts; choosing?: Choosing }) {
  const present = HEALTHS.map((health) => ({ health, count: counts.find((one) => one.health === health)?.count ?? 0 })).filter(
    (one) => one.count > 0,
  );
  return (
    <div class="counts">
      <div class="counts-bar" aria-hidden="true">
        {present.map(({ health, count }) => (
          <span key={health} class={`health-${health}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul>
        {present.map(({ health, count }) => (
          <li key={health}>
            <Count health={health} count={count} choosing={choosing} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Count({ health, count, choosing }: { health: Health; count: number; choosing: Choosing | undefined }) {
  const text = <><HealthMark health={health} silent /><b>{count}</b> {HEALTH[health]}</>;
  if (!choosing) return <span class="counted">{text}</span>;
  return <button type="button" class="chip" aria-pressed={choosing.chosen.has(health)} onClick={() => choosing.onChoose(health)}>{text}</button>;
}
