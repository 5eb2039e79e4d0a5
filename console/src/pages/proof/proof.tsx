// Proof: the newest checkpoint, a kept one held against the log, and a change proved from its bytes to the signature.
// All of it is verified in the browser; the server gives hashes, paths and bytes alone.
import type { CombinedError } from "@urql/core";
import { useClient } from "@urql/preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";

import { useLive } from "../../api/live";
import type { InclusionQuery, SignedStateFragment } from "../../generated/graphql";
import { useMoment } from "../../moment/moment";
import { Lines } from "../../parts/history";
import { useMayProve } from "../../parts/prove";
import { Failed, Loading, State } from "../../parts/states";
import { Steps, Values, verdictOf } from "./steps";
import { atTime } from "../../parts/words";
import { checkpointOf, noteOf, Unreadable } from "../../proof/note";
import { proveConsistency, proveInclusion, signature, type Step } from "../../proof/verification";
import "../../styles/proof.css";
import { usePageTitle } from "../../title";
import { CONSISTENCY, INCLUSION, LEDGER } from "./documents";

const STORED_MS = 6000;

export function Proof({ position }: { position?: string }) {
  usePageTitle(position === undefined ? "Proof" : `Proof of change ${position}`);
  const [{ data, error }, again] = useLive({ query: LEDGER, variables: {} });
  const [served, keys, setKeys] = useKeys();
  const mayProve = useMayProve();
  const head = data?.ledger.head;
  useEffect(() => {
    if (head === undefined || typeof head.number === "number") return;
    const timer = setTimeout(() => again({ requestPolicy: "network-only" }), STORED_MS);
    return () => clearTimeout(timer);
  }, [head]);
  if (error && !head) return <Failed error={error} again={again} />;
  if (!head || keys === null) return <Loading />;
  if (!isSecure()) return <Insecure head={head} />;
  return (
    <article class="page proof">
      <header class="page-head"><h1>Proof</h1></header>
      <p class="help">Every change is a leaf of a hash tree, whose root the server signs: a checkpoint. Keep one, and nobody can alter, remove or insert a change before it unnoticed. This page verifies in your browser.</p>
      {position === undefined && <Newest head={head} keys={keys} />}
      {mayProve && <Change key={position} given={position ?? ""} head={head} keys={keys} />}
      {position !== undefined && <Newest head={head} keys={keys} />}
      <Kept head={head} keys={keys} />
      <Keys served={served} keys={keys} setKeys={setKeys} />
    </article>
  );
}

const isSecure = (): boolean => window.isSecureContext && crypto.subtle !== undefined;

function Insecure({ head }: { head: SignedStateFragment }) {
  return (
    <State title="Open this page over https">
      <p>Browsers verify hashes and signatures over https only, or on this machine. The newest checkpoint is of {head.size} changes; verify it with <code>keyframe verify</code>.</p>
    </State>
  );
}

/** The keys that the server publishes, null if it did not answer; those to check with, null until then; and what changes them. */
function useKeys(): [string | null, string | null, (keys: string) => void] {
  const [served, setServed] = useState<string | null>(null);
  const [keys, setKeys] = useState<string | null>(null);
  useEffect(() => {
    const load = async () => {
      const response = await fetch("/checkpoint/key");
      return response.ok ? (await response.text()).trim() : "";
    };
    void load().catch(() => null).then((text) => {
      setServed(text);
      setKeys(text ?? "");
    });
  }, []);
  return [served, keys, setKeys];
}

function Newest({ head, keys }: { head: SignedStateFragment; keys: string }) {
  const [signed, setSigned] = useState<Step | null>(null);
  useEffect(() => void signatureStep(head.signedNote, keys).then(setSigned), [head.signedNote, keys]);
  const values: [string, string][] = [
    ["number", typeof head.number === "number" ? String(head.number) : "not stored yet: it is within seconds"],
    ["changes covered", head.size.toLocaleString("en")],
    ["root hash", head.rootHash],
    ["signed", head.signedAt ? atTime(head.signedAt) : "for this page"],
  ];
  return (
    <section class="proof-card">
      <h2>Newest checkpoint</h2>
      <Values values={values} />
      {signed && <Verdict steps={[signed]} holds={signed.text} />}
      <pre class="note" tabIndex={0} aria-label="The signed note">{head.signedNote}</pre>
      <p class="buttons">
        <a class="button main" download={`${head.size}.checkpoint`} href={`data:text/plain;charset=utf-8,${encodeURIComponent(head.signedNote)}`}>Keep this checkpoint</a>
        <span class="help">Put it where the operator of this server cannot change it.</span>
      </p>
    </section>
  );
}

async function signatureStep(note: string, keys: string): Promise<Step> {
  const name = "Signature";
  try {
    const { isUnknown, ...found } = await signature(noteOf(note), keys);
    return { name, outcome: isUnknown ? "UNKNOWN" : "HOLDS", ...found };
  } catch (error) {
    return { name, outcome: "FAILS", text: (error as Error).message, values: [] };
  }
}

function Change({ given, head, keys }: { given: string; head: SignedStateFragment; keys: string }) {
  const urql = useClient();
  const { link } = useMoment();
  const [, navigate] = useLocation();
  const [position, setPosition] = useState(given);
  const [fault, setFault] = useState<string | null>(null);
  const [answer, setAnswer] = useState<InclusionQuery | null>(null);
  const [steps, setSteps] = useState<Step[] | null>(null);
  const load = async () => {
    const { data, error } = await urql.query(INCLUSION, { position: Number(given) }, { requestPolicy: "network-only" }).toPromise();
    if (data) setAnswer(data);
    else setFault(messageOf(error));
  };
  useEffect(() => {
    if (given === "") return;
    if (isPosition(given, head.size)) void load();
    else setFault(`Write a whole number from 1 to ${head.size}: a position in the log.`);
  }, [given]);
  useEffect(() => {
    if (answer === null) return;
    let isWanted = true;
    const { head: checkpoint, inclusion } = answer.ledger;
    void proveInclusion(Number(given), inclusion, checkpoint, keys).then((found) => isWanted && setSteps(found));
    return () => { isWanted = false; };
  }, [answer, keys]);
  const change = answer?.asOf.changes.edges[0]?.node;
  return (
    <section class="proof-card">
      <h2>Prove a change</h2>
      <form class="field" onSubmit={(event) => { event.preventDefault(); navigate(link(`/proof/${encodeURIComponent(position.trim())}`)); }}>
        <label for="position">Position</label>
        <input id="position" inputMode="numeric" required value={position} placeholder={`1 to ${head.size}`} aria-invalid={fault !== null}
          aria-describedby="position-help" onInput={(event) => setPosition(event.currentTarget.value)} />
        <button type="submit" class="main">Prove this</button>
      </form>
      {fault !== null && <p class="refusal" role="alert">{fault}</p>}
      <p id="position-help" class="help">Or follow “prove this” beside a change, in the history of an objective or under What changed.</p>
      {answer && steps && (
        <>
          <Verdict steps={steps} holds={`Proved: change ${given} is in the log as it was recorded, and the checkpoint of ${answer.ledger.head.size.toLocaleString("en")} changes covers it.`} />
          {change && <Lines changes={[change]} here={null} />}
          <Steps steps={steps} label="Steps of the proof" />
        </>
      )}
    </section>
  );
}

const isPosition = (text: string, most: number): boolean => /^[1-9]\d*$/.test(text) && Number(text) <= most;

function Kept({ head, keys }: { head: SignedStateFragment; keys: string }) {
  const urql = useClient();
  const [kept, setKept] = useState("");
  const [steps, setSteps] = useState<Step[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => setSteps(null), [keys]);
  const compare = async () => {
    setFault(null);
    setSteps(null);
    const size = sizeOf(kept);
    if (size === null || size >= head.size) return setSteps(await proveConsistency(kept, head, null, keys));
    const { data, error } = await urql.query(CONSISTENCY, { from: size }, { requestPolicy: "network-only" }).toPromise();
    if (!data) return setFault(messageOf(error));
    setSteps(await proveConsistency(kept, data.ledger.head, data.ledger.consistency.path, keys));
  };
  return (
    <section class="proof-card">
      <h2>A checkpoint that you keep</h2>
      <form onSubmit={(event) => { event.preventDefault(); void compare(); }}>
        <label for="kept">Paste the signed note that you kept</label>
        <textarea id="kept" rows={6} required spellcheck={false} value={kept} placeholder={"keyframe/keyframe\n1380\nh1X+4nKk…=\n\n— keyframe/keyframe Hy49TO0…"} onInput={(event) => setKept(event.currentTarget.value)} />
        <button type="submit" class="main">Hold it against the log</button>
      </form>
      {fault !== null && <p class="refusal" role="alert">{fault}</p>}
      {steps && (
        <>
          <Verdict steps={steps} holds="Proved: the log continues the one that you kept. Nothing before your checkpoint was altered, removed or inserted." />
          <Steps steps={steps} label="Steps of the comparison" />
        </>
      )}
    </section>
  );
}

/** The size that a pasted checkpoint states; null for something else, which its steps explain. */
function sizeOf(pasted: string): number | null {
  try {
    return checkpointOf(noteOf(pasted)).size;
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

function Verdict({ steps, holds }: { steps: Step[]; holds: string }) {
  const { outcome, step } = verdictOf(steps);
  const failed = steps[step - 1];
  const text = outcome === "HOLDS" ? holds
    : steps.length === 1 ? failed?.text
    : outcome === "FAILS" ? `Not proved. Step ${step}, ${failed?.name.toLowerCase()}, fails: ${failed?.text}`
    : `The hashes hold. Step ${step}, ${failed?.name.toLowerCase()}, is open: ${failed?.text}`;
  return <p class={`verdict outcome-${outcome}`} role="status">{text}</p>;
}

function Keys({ served, keys, setKeys }: { served: string | null; keys: string; setKeys: (keys: string) => void }) {
  const isServed = served !== "" && keys === served;
  return (
    <section class="proof-card">
      <h2>The key</h2>
      <label for="keys">Signatures are checked with</label>
      <textarea id="keys" rows={3} spellcheck={false} value={keys} aria-describedby="keys-help" placeholder="NAME+ID+KEY, one a line" onInput={(event) => setKeys(event.currentTarget.value.trim())} />
      <p id="keys-help" class="help">
        {isServed ? "This is what the server itself publishes. It proves more with the key that you got from the operator once, in person: paste that."
          : served === null ? "The server did not say which key it publishes. Open this page anew, or paste the key."
          : served === "" ? "This server publishes no key. Paste the one that you got from the operator."
          : "This is your own key, not the one that the server publishes."}
      </p>
      {!isServed && served && <button type="button" onClick={() => setKeys(served)}>Use the server's key</button>}
    </section>
  );
}

const messageOf = (error: CombinedError | undefined): string =>
  error?.graphQLErrors[0]?.message ?? "The server does not answer. Try again.";
