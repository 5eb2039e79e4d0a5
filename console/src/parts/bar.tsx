// A progress bar with a mark where it was planned to be.
import type { Health } from "../generated/graphql";
import { isGiven, percent } from "./words";

interface Figures {
  value?: number | null;
  expected?: number | null;
  health?: Health | null;
}

export function Bar({ figures, label, small = false }: { figures: Figures; label: string; small?: boolean }) {
  const { value, expected, health } = figures;
  const text = `${percent(value)}${!isGiven(expected) ? "" : `, planned ${percent(expected)}`}`;
  return (
    <div
      class={`bar${small ? " small" : ""} health-${health ?? "PENDING"}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round((value ?? 0) * 100)}
      aria-valuetext={text}
      title={text}
    >
      <span class="bar-fill" style={{ transform: `scaleX(${value ?? 0})` }} />
      {isGiven(expected) && <span class="bar-planned" style={{ transform: `translateX(${expected * 100}%)` }} />}
    </div>
  );
}
