// Choices that pages share: one of some names, and the cycle.
import { useLocation } from "wouter-preact";

import { useMoment, withMoment } from "../moment/moment";
import { useLooking } from "../viewer";

interface Props {
  label: string;
  value: string;
  /** The values, or the values with their names. */
  options: ReadonlyArray<string | readonly [value: string, name: string]>;
  onChoose: (value: string) => void;
}

/** One of some values, or all of them: the empty value. */
export function Choice({ label, value, options, onChoose }: Props) {
  const named = options.map((option) => (typeof option === "string" ? ([option, option] as const) : option));
  return (
    <label class={`choice${value ? " chosen" : ""}`}>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">All</option>
        {named.map(([one, name]) => <option key={one} value={one}>{name}</option>)}
      </select>
    </label>
  );
}

/** The cycle that a page shows. Choosing another shows it as it is now. */
export function CycleChoice() {
  const { cycles, cycle } = useLooking();
  const { moment } = useMoment();
  const [path, navigate] = useLocation();
  const choose = (key: string) => navigate(`${path}${withMoment(`?cycle=${encodeURIComponent(key)}`, { ...moment, at: null })}`);
  return (
    <select aria-label="Cycle" value={cycle?.key} onChange={(event) => choose(event.currentTarget.value)}>
      {cycles.map((one) => (
        <option key={one.key} value={one.key}>{one.name}</option>
      ))}
    </select>
  );
}
