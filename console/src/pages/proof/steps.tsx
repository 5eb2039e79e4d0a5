// The steps of a verification, each with its outcome and the values that a reader can check again.
import type { Fold } from "../../proof/merkle";
import type { Step } from "../../proof/verification";
import { toBase64 } from "../../proof/text";

const OUTCOMES: Record<Step["outcome"], { name: string; path: string }> = {
  HOLDS: { name: "holds", path: "m2.5 8.5 3.7 3.7L13.5 4.5" },
  FAILS: { name: "fails", path: "m3.5 3.5 9 9m0-9-9 9" },
  UNKNOWN: { name: "not checked here", path: "M8 3v6.5m0 3v.1" },
  SKIPPED: { name: "skipped", path: "M3 8h10" },
};

/** How all steps ended: the first that fails, else the first that could not be checked, else none. */
export function verdictOf(steps: readonly Step[]): { outcome: "HOLDS" | "FAILS" | "UNKNOWN"; step: number } {
  for (const outcome of ["FAILS", "UNKNOWN"] as const) {
    const index = steps.findIndex((one) => one.outcome === outcome);
    if (index >= 0) return { outcome, step: index + 1 };
  }
  return { outcome: "HOLDS", step: steps.length };
}

export function Steps({ steps, label }: { steps: readonly Step[]; label: string }) {
  return (
    <ol class="checks" aria-label={label}>
      {steps.map((one, index) => (
        <li key={index} class={`check outcome-${one.outcome}`}>
          <OutcomeMark outcome={one.outcome} />
          <div>
            <h3>{index + 1}. {one.name}</h3>
            <p>{one.text}</p>
            {(one.values.length > 0 || (one.folds?.length ?? 0) > 0) && (
              <details open={one.outcome === "FAILS"}>
                <summary>Values</summary>
                {one.values.length > 0 && <Values values={one.values} />}
                {one.folds && <Folds folds={one.folds} />}
              </details>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

function OutcomeMark({ outcome }: { outcome: Step["outcome"] }) {
  const { name, path } = OUTCOMES[outcome];
  return <svg class="mark" viewBox="0 0 16 16" role="img" aria-label={name}><path class="line thick" d={path} /></svg>;
}

export function Values({ values }: { values: readonly (readonly [string, string])[] }) {
  return <dl class="values">{values.map(([name, value], index) => <div key={index}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function Folds({ folds }: { folds: readonly Fold[] }) {
  return (
    <div class="folds" tabIndex={0} role="region" aria-label="Nodes on the way">
      <table>
        <thead><tr><th scope="col">Level</th><th scope="col">Hash beside, on its side</th><th scope="col">Hash above: SHA-256 of 0x01, left, right</th></tr></thead>
        <tbody>
          {folds.map(({ beside, side, above }, index) => (
            <tr key={index}><th scope="row">{index + 1}</th><td>{toBase64(beside)} <small>{side}</small></td><td>{toBase64(above)}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
