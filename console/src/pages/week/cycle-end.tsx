// What my week offers for a cycle: the open objectives to score and close, and the activation of one that begins.
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { useLive } from "../../api/live";
import { useMoment } from "../../moment/moment";
import { Bar } from "../../parts/bar";
import { Refusals, useCommand } from "../../parts/command";
import { HealthMark } from "../../parts/health";
import { Failed } from "../../parts/states";
import { percent } from "../../parts/words";
import { useLooking } from "../../viewer";
import { ACTIVATE_CYCLE, OPEN_GOALS } from "./documents";

/** The active objectives of a cycle that the caller owns, each with a link to the form that closes it. */
export function OpenGoals({ cycle }: { cycle: string }) {
  const { link } = useMoment();
  const { viewer } = useLooking();
  const [{ data, error }, again] = useLive({ query: OPEN_GOALS, variables: { cycle, person: viewer.person?.entityId ?? "" } });
  const goals = data?.objectives.edges.map(({ node }) => node) ?? [];
  if (error && !data) return <Failed error={error} again={again} />;
  if (goals.length === 0) return null;
  return (
    <ul class="goals">
      {goals.map((goal) => (
        <li key={goal.entityId}>
          <HealthMark health={goal.progress.health} />
          <span><Link href={`${link(`/objective/${goal.entityId}`)}#close`}>Score and close {goal.title}</Link></span>
          <Bar small figures={goal.progress} label={goal.title} />
          <span class="share">{percent(goal.progress.value)}</span>
        </li>
      ))}
    </ul>
  );
}

/** The activation of a cycle, which is asked for twice, since it cannot be undone. */
export function Activation({ cycle }: { cycle: string }) {
  const { viewer } = useLooking();
  const { send, problems, isSending } = useCommand(ACTIVATE_CYCLE);
  const [isAsked, setAsked] = useState(false);
  if (!viewer.can.includes("RUN_CYCLES")) return null;
  if (!isAsked) return <button type="button" onClick={() => setAsked(true)}>Activate the cycle</button>;
  return (
    <div class="actions">
      <small>This commits every draft in the cycle and fixes its plan. It cannot be undone.</small>
      <Refusals problems={problems} />
      <button type="button" class="quiet" onClick={() => setAsked(false)}>Cancel</button>
      <button type="button" class="main" disabled={isSending} onClick={() => void send({ cycle: { key: cycle } })}>Activate</button>
    </div>
  );
}
