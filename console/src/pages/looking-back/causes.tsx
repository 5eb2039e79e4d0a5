// Where the progress of a cycle came from, and how honest confidence was.
import { Link } from "wouter-preact";

import type { LookingBackCausesQuery } from "../../generated/graphql";
import { useMoment } from "../../moment/moment";
import { Calibration } from "./calibration";
import { CAUSES, points, spanOf, Stacked, type Cause, Waterfall } from "./attribution";
import { HealthMark } from "../../parts/health";
import { counted, percent } from "../../parts/words";
import { isCalibrated, type Retrospective } from "./sentences";

type Found = LookingBackCausesQuery["retrospective"];
type Look = Found["objectiveRetrospectives"]["edges"][number]["node"];

const NOTABLE: Cause[] = ["goalpost", "scope", "judgement"];

export function Causes({ causes, title }: { causes: Found; title: string }) {
  const looks = causes.objectiveRetrospectives.edges.map((edge) => edge.node);
  const moved = looks.filter(hasProgress).toSorted((one, other) => gain(other) - gain(one));
  const still = looks.filter((look) => !hasProgress(look));
  const span = spanOf(moved.map((look) => look.attribution));
  const total = causes.objectiveRetrospectives.totalCount;
  return (
    <section id="causes" aria-labelledby="causes-title">
      <h2 id="causes-title">Where progress came from</h2>
      <p class="help">Each change of the progress of {title} has one cause. In percentage points.</p>
      <Waterfall attribution={causes.attribution} />
      <h3 class="causes-by">By objective</h3>
      <p class="legend causes-legend">{(["initial", "movement", "goalpost", "scope"] as const).map((cause) => <span key={cause} class={`cause-key cause-key-${cause}`}>{CAUSES[cause].name.toLowerCase()}</span>)}</p>
      <ul class="causes">{moved.map((look) => <Row key={look.objective.entityId} look={look} span={span} />)}</ul>
      {still.length > 0 && <p class="help">{counted(still.length, "objective")} without progress: {still.map((look) => look.objective.title).join("; ")}.</p>}
      {total > looks.length && <p class="help">The first {looks.length} of {total} objectives are shown. Choose a team to see all of its objectives.</p>}
    </section>
  );
}

function Row({ look: { objective, presence, attribution }, span }: { look: Look; span: [number, number] }) {
  const { link } = useMoment();
  const notable = NOTABLE.map((cause) => [CAUSES[cause].name.toLowerCase(), attribution[cause] ?? 0] as const).filter(([, share]) => Math.abs(share) >= 0.0005);
  return (
    <li>
      <HealthMark health={objective.progress.health} />
      <span class="cause-title">
        <Link href={link(`/objective/${objective.entityId}`)}>{objective.title}</Link>
        <small>{[objective.team?.name, presence === "ADDED_LATER" && "added later", presence === "DROPPED" && "dropped"].filter(Boolean).join(" · ")}</small>
      </span>
      <Stacked title={objective.title} attribution={attribution} span={span} />
      <span class="cause-notable">{notable.map(([name, share]) => <span key={name}>{name} {points(share)}</span>)}</span>
      <span class="share">{percent(attribution.final)}</span>
    </li>
  );
}

const gain = ({ attribution }: Look): number => attribution.final - attribution.initial;

const hasProgress = ({ attribution: { initial, movement, goalpost, scope } }: Look): boolean => [initial, movement, goalpost, scope].some((part) => part !== 0);

export function Confidence({ of }: { of: Retrospective }) {
  const { calibration, isFinal } = of;
  return (
    <section id="confidence" aria-labelledby="confidence-title">
      <h2 id="confidence-title">Confidence against outcome</h2>
      {!isCalibrated(of) ? (
        <p class="help">{isFinal ? "No check-in stated a confidence." : "Not known yet: what people stated is compared with how key results ended."}</p>
      ) : (
        <>
          <p class="calibrated">{calibration.summary}</p>
          <Calibration buckets={calibration.buckets} />
          <p class="help">On the dashed line, statements came true as often as they said. A larger dot means more statements. Brier score {calibration.brier?.toFixed(3)}: 0 is perfect, 0.250 is as good as always saying 50 %.</p>
        </>
      )}
    </section>
  );
}
