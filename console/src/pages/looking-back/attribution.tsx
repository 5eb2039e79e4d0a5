// What moved progress, and by how much: step by step for a whole, and stacked for each objective.
import type { AttributedFragment } from "../../generated/graphql";
import { isGiven, percent, signed } from "../../parts/words";

export type Cause = "initial" | "movement" | "goalpost" | "scope" | "judgement";

export const CAUSES: Record<Cause, { name: string; what: string }> = {
  initial: { name: "At the start", what: "where the goals stood when the plan was made" },
  movement: { name: "Movement", what: "what check-ins and readings measured" },
  goalpost: { name: "Goalposts", what: "targets, due days, plans and measures that were changed" },
  scope: { name: "Scope", what: "goals that were added, dropped, moved or weighted anew" },
  judgement: { name: "Judgement", what: "scores that people gave beside what was measured" },
};

/** A change of progress in percentage points: `+54.8`. */
export const points = (share: number): string => signed(share * 100, 1);

const PARTS: Cause[] = ["initial", "movement", "goalpost", "scope"];

interface Step {
  cause: Cause | "final" | "score";
  from: number;
  to: number;
}

/** The progress of a whole as steps, from the start to the score. */
export function Waterfall({ attribution }: { attribution: AttributedFragment }) {
  const steps = stepsOf(attribution);
  const [low, high] = [Math.min(0, ...steps.map((one) => one.to)), Math.max(1, ...steps.map((one) => one.to))];
  const share = (value: number) => ((value - low) / (high - low)) * 100;
  return (
    <ol class="waterfall">
      {steps.map(({ cause, from, to }) => {
        const isSum = cause === "final" || cause === "score";
        const { name, what } = isSum ? { name: cause === "final" ? "Progress" : "Score", what: "" } : CAUSES[cause];
        return (
          <li key={cause} class={isSum ? "sum" : ""}>
            <span class="step-name"><b>{name}</b>{what && <small>{what}</small>}</span>
            <span class="step-track" aria-hidden="true">
              <span class={`step cause-bar-${cause}`} style={{ left: `${share(Math.min(from, to))}%`, width: `${share(Math.max(from, to)) - share(Math.min(from, to))}%` }} />
            </span>
            <span class="share">{isSum ? percent(to) : points(to - from)}</span>
          </li>
        );
      })}
    </ol>
  );
}

function stepsOf(attribution: AttributedFragment): Step[] {
  const steps: Step[] = [];
  let at = 0;
  for (const cause of PARTS) {
    const to = at + (attribution[cause] ?? 0);
    steps.push({ cause, from: at, to });
    at = to;
  }
  steps.push({ cause: "final", from: 0, to: attribution.final });
  const { judgement } = attribution;
  if (!isGiven(judgement)) return steps;
  const score = attribution.final + judgement;
  return [...steps, { cause: "judgement", from: attribution.final, to: score }, { cause: "score", from: 0, to: score }];
}

/** Where zero and a hundred per cent are on the axis that all objectives share: the sums of losses and of gains. */
export function spanOf(attributions: ReadonlyArray<AttributedFragment>): [low: number, high: number] {
  const sums = attributions.map((one) => PARTS.map((cause) => one[cause] ?? 0));
  const sum = (parts: number[], isGain: boolean) => parts.filter((part) => part > 0 === isGain).reduce((one, other) => one + other, 0);
  return [Math.min(0, ...sums.map((parts) => sum(parts, false))), Math.max(1, ...sums.map((parts) => sum(parts, true)))];
}

/** The parts of one progress side by side: losses to the left of zero, gains to the right. */
export function Stacked({ title, attribution, span: [low, high] }: { title: string; attribution: AttributedFragment; span: [number, number] }) {
  const ends = { gain: 0, loss: 0 };
  const bars = PARTS.flatMap((cause) => {
    const amount = attribution[cause] ?? 0;
    if (amount === 0) return [];
    const side = amount > 0 ? "gain" : "loss";
    const from = ends[side];
    ends[side] += amount;
    return [{ cause, from: Math.min(from, ends[side]), size: Math.abs(amount) }];
  });
  const scale = 100 / (high - low);
  return (
    <span class="stacked" role="img" aria-label={`${title}: ${told(attribution)}`} title={told(attribution)}>
      <span class="zero" style={{ left: `${-low * scale}%` }} />
      {bars.map(({ cause, from, size }) => <span key={cause} class={`step cause-bar-${cause}`} style={{ left: `${(from - low) * scale}%`, width: `${size * scale}%` }} />)}
    </span>
  );
}

const told = (attribution: AttributedFragment): string => PARTS.map((cause) => `${CAUSES[cause].name.toLowerCase()} ${points(attribution[cause] ?? 0)}`).join(", ");
