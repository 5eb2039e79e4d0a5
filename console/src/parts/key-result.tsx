// One line of a key result: where it stands between start and target, how sure people are, and its progress.
import type { KeyResultRowFragment } from "../generated/graphql";
import { Bar } from "./bar";
import { HealthMark } from "./health";
import { aim, amount, isGiven, percent } from "./words";

export function KeyResultLine({ keyResult }: { keyResult: KeyResultRowFragment }) {
  return (
    <li class="key-result">
      <HealthMark health={keyResult.progress.health} />
      <span class="key-result-title">{keyResult.title}</span>
      <span class="key-result-value">{standing(keyResult)}</span>
      <Confidence share={keyResult.confidence} />
      <Bar small figures={keyResult.progress} label={keyResult.title} />
      <span class="share" title="Progress">{percent(keyResult.progress.value)}</span>
    </li>
  );
}

/** The head of the card of a key result: its health, its title, and where it is between start and target. */
export function KeyResultHead({ keyResult }: { keyResult: KeyResultRowFragment }) {
  return (
    <header>
      <HealthMark health={keyResult.progress.health} />
      <h3>{keyResult.title}</h3>
      <span class="key-result-value">{standing(keyResult)}</span>
      <span class="share" title="Progress">{percent(keyResult.progress.value)}</span>
    </header>
  );
}

/** How sure people are, in words, since a bare share beside a bar reads as progress. */
export function Confidence({ share }: { share: number | null | undefined }) {
  if (!isGiven(share)) return <span class="confidence" />;
  return <span class="confidence" title="How sure people are that the target is reached">confidence {percent(share)}</span>;
}

/** The current value and the target: `41, target 60 %`. */
export function standing({ metric, current, progress }: KeyResultRowFragment): string {
  const { direction, unit } = metric;
  if (direction === "DONE") return (current ?? 0) >= 1 ? "done" : "to do";
  if (direction === "MILESTONES") return `${percent(progress.value)} reached`;
  return `${amount(current)}, target ${aim(metric, unit)}`;
}
