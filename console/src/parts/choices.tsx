// Choices that pages share: one of some names, the cycle, and the team.
import { useLocation } from "wouter-preact";

import { useAddress, useParameter } from "../address";
import { useLive } from "../api/live";
import { useMoment, withMoment } from "../moment/moment";
import { useLooking } from "../viewer";
import { TEAMS } from "./documents";

interface Props {
  label: string;
  value: string;
  /** The values, or the values with their names. */
  options: ReadonlyArray<string | readonly [value: string, name: string]>;
  onChoose: (value: string) => void;
}

/** One of some values, or all of them: the empty value. */
export function Choice({ label, value, options, onChoose }: Props) {
  const all = `All ${label.toLowerCase()}s`;
  const named = options.map((option) => (typeof option === "string" ? ([option, option] as const) : option));
  return (
    <label class={`choice${value ? " chosen" : ""}`}>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">{all}</option>
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

type Team = readonly [key: string, name: string];

/** The teams by name. */
export function useTeams(): Team[] {
  const [{ data }] = useLive({ query: TEAMS });
  return (data?.teams.edges ?? []).map(({ node }): Team => [node.key, node.name]).toSorted(([, one], [, other]) => one.localeCompare(other));
}

/** The cycle of a page, and the team to which its address narrows it. */
export function CycleAndTeam({ teams }: { teams: Team[] }) {
  const [, navigate] = useLocation();
  const address = useAddress();
  return (
    <div class="page-choices">
      <label class="choice chosen"><span>Cycle</span><CycleChoice /></label>
      <Choice label="Team" value={useParameter("team") ?? ""} options={teams} onChoose={(team) => navigate(address({ team }), { replace: true })} />
    </div>
  );
}
