// What an objective supports and what supports it, each with its progress.
import { Link } from "wouter-preact";

import type { AlignedGoalFragment, ObjectivePageFragment } from "../../generated/graphql";
import { useMoment } from "../../moment/moment";
import { Bar } from "../../parts/bar";
import { HealthMark } from "../../parts/health";
import { percent } from "../../parts/words";

interface Line {
  goal: AlignedGoalFragment;
  /** Through which key result; null where it is the objective as a whole. */
  through: string | null;
  progress: AlignedGoalFragment["progress"];
}

export function Aligned({ objective }: { objective: ObjectivePageFragment }) {
  const { link } = useMoment();
  const up: Line[] = objective.supports.map((one) =>
    one.__typename === "KeyResult" ? { goal: one.objective, through: one.title, progress: one.progress } : { goal: one, through: null, progress: one.progress },
  );
  const down = [...below(objective.supportedBy, null), ...objective.keyResults.flatMap((one) => below(one.supportedBy, one.title))];
  const total = [objective, ...objective.keyResults].reduce((sum, one) => sum + one.supportedBy.totalCount, 0);
  if (up.length + down.length === 0) return null;
  return (
    <section aria-label="Alignment">
      <h2>Alignment</h2>
      <Lines name="Supports" lines={up} throughName="its key result" />
      <Lines name="Supported by" lines={down} throughName="through" />
      {total > down.length && <p class="help">{total - down.length} more support it.</p>}
      <p class="help"><Link href={link("/alignment")}>See all goals and what supports them</Link></p>
    </section>
  );
}

function below({ edges }: ObjectivePageFragment["supportedBy"], through: string | null): Line[] {
  return edges.map(({ node }) => ({ goal: node, through, progress: node.progress }));
}

function Lines({ name, lines, throughName }: { name: string; lines: Line[]; throughName: string }) {
  const { link } = useMoment();
  if (lines.length === 0) return null;
  return (
    <>
      <h3 class="direction">{name}</h3>
      <ul class="goals">
        {lines.map(({ goal, through, progress }) => (
          <li key={`${goal.entityId} ${through}`}>
            <HealthMark health={progress.health} />
            <span><Link href={link(`/objective/${goal.entityId}`)}>{goal.title}</Link>
              <small>{[goal.team?.name, goal.cycle.name, through && `${throughName} “${through}”`].filter(Boolean).join(" · ")}</small></span>
            <Bar small figures={progress} label={through ?? goal.title} />
            <span class="share">{percent(progress.value)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
