// One line of a key result: where it stands between start and target.
import type { KeyResultRowFragment } from "../generated/graphql";
import { Bar } from "./bar";
import { HealthMark } from "./health";
import { amount, percent } from "./words";

export function KeyResultLine({ keyResult }: { keyResult: KeyResultRowFragment }) {
  return (
    <li class="key-result">
      <HealthMark health={keyResult.progress.health} />
      <span class="key-result-title">{keyResult.title}</span>
      <span class="key-result-value">{standing(keyResult)}</span>
      <Bar small figures={keyResult.progress} label={keyResult.title} />
      <span class="confidence" title="Confidence">{keyResult.confidence === null || keyResult.confidence === undefined ? "" : percent(keyResult.confidence)}</span>
    </li>
  );
}

/** The current value and the target: `41 of 60 %`. */
export function standing({ metric, current, progress }: KeyResultRowFragment): string {
  const { direction, unit, target, lower, upper } = metric;
  if (direction === "DONE") return (current ?? 0) >= 1 ? "done" : "to do";
  if (direction === "MILESTONES") return `${percent(progress.value)} reached`;
  const goal =
    direction === "WITHIN" ? `${amount(lower, { symbol: "" })}–${amount(upper, unit)}`
    : direction === "AT_LEAST" ? `≥ ${amount(target, unit)}`
    : direction === "AT_MOST" ? `≤ ${amount(target, unit)}`
    : amount(target, unit);
  return `${amount(current, { symbol: "" })} → ${goal}`;
}
