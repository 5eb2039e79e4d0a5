// What is verified in the browser, step by step, so that a reader can follow and repeat each of them.
import { leafOf, type Leaf } from "./leaf.js";
import { continued, equal, folded, MalformedProof, sha256, type Bytes, type Fold } from "./merkle.js";
import { checkpointOf, isGenuine, keysOf, noteOf, signedBy, Unreadable, type Checkpoint, type Note } from "./note.js";
import { fromBase64, toBase64 } from "./text.js";

export interface Step {
  name: string;
  /** UNKNOWN: this browser cannot check it. SKIPPED: an earlier step failed. */
  outcome: "HOLDS" | "FAILS" | "UNKNOWN" | "SKIPPED";
  /** What was found, in a sentence. */
  text: string;
  /** The values that went into it and came out of it, by name. */
  values: [string, string][];
  folds?: Fold[];
}

/** A checkpoint as the ledger gives it. */
interface GivenCheckpoint {
  size: number;
  rootHash: string;
  signedNote: string;
}

interface GivenInclusion {
  position: number;
  size: number;
  leafHash: string;
  path: readonly string[];
  leaf: string;
}

/** What is found in a step; a `Refuted` ends the verification. */
type Found = Pick<Step, "text" | "values" | "folds"> & { isUnknown?: boolean };
class Refuted extends Error {
  constructor(message: string, readonly values: [string, string][] = []) {
    super(message);
  }
}
type Check = [name: string, check: () => Promise<Found> | Found];

/** Prove a change: from its stored bytes to the signature on the checkpoint of the whole log. */
export function proveInclusion(position: number, proof: GivenInclusion, head: GivenCheckpoint, keys: string): Promise<Step[]> {
  let [leafBytes, leafHash, root] = [new Uint8Array(), new Uint8Array(), new Uint8Array()];
  let note: Note;
  return run([
    ["Leaf", () => {
      leafBytes = fromBase64(proof.leaf);
      const leaf = leafOf(leafBytes);
      if (leaf.position !== position) throw new Refuted(`These are the bytes of change ${leaf.position}, not of ${position}.`, columns(leaf));
      return { text: `The log stores change ${position} in these ${leafBytes.length} bytes.`, values: columns(leaf) };
    }],
    ["Leaf hash", async () => {
      leafHash = await sha256(leafBytes);
      const values: [string, string][] = [["SHA-256 of the leaf", toBase64(leafHash)], ["leaf hash in the tree", proof.leafHash]];
      if (!equal(leafHash, fromBase64(proof.leafHash))) throw new Refuted("The bytes do not have the hash that the tree has for them: the change was altered.", values);
      return { text: "The bytes have the hash that the tree has for them.", values };
    }],
    ["Path", async () => {
      const path = proof.path.map(fromBase64);
      const folds = await folded(leafHash, position - 1, proof.size, path);
      root = folds.at(-1)?.above ?? leafHash;
      return { text: `${counted(path.length, "hash", "hashes")} beside the way lead from the leaf to the root of the tree of ${counted(proof.size, "change", "changes")}.`, values: [], folds };
    }],
    ["Root", () => {
      const values: [string, string][] = [["root that the path leads to", toBase64(root)], ["root of the log", head.rootHash]];
      if (!equal(root, fromBase64(head.rootHash))) throw new Refuted("The path leads to another root than that of the log.", values);
      return { text: "The path leads to the root of the log.", values };
    }],
    ["Checkpoint", () => {
      note = noteOf(head.signedNote);
      const stated = checkpointOf(note);
      return stating(stated, proof.size, root);
    }],
    ["Signature", () => signature(note, keys)],
  ]);
}

/** Hold a checkpoint that somebody kept against the newest one. `proof` is the path between them, null for equal sizes. */
export function proveConsistency(kept: string, head: GivenCheckpoint, path: readonly string[] | null, keys: string): Promise<Step[]> {
  let [keptNote, headNote]: Note[] = [];
  let [old, now]: Checkpoint[] = [];
  return run([
    ["Kept checkpoint", () => {
      keptNote = noteOf(kept);
      old = checkpointOf(keptNote);
      return { text: `It states the first ${counted(old.size, "change", "changes")} of the log ${old.origin}.`, values: stated(old) };
    }],
    ["Its signature", () => signature(keptNote!, keys)],
    ["Newest checkpoint", () => {
      headNote = noteOf(head.signedNote);
      now = checkpointOf(headNote);
      if (now.origin !== old!.origin) throw new Refuted(`The kept checkpoint is of another log, ${old!.origin}.`, stated(now));
      if (now.size < old!.size) throw new Refuted(`The log has ${counted(now.size, "change", "changes")} only: changes that were signed are missing.`, stated(now));
      return { text: `The same log has ${counted(now.size, "change", "changes")} now.`, values: stated(now) };
    }],
    ["Its signature", () => signature(headNote!, keys)],
    ["Consistency", () => consistency(old!, now!, (path ?? []).map(fromBase64))],
  ]);
}

async function consistency(old: Checkpoint, now: Checkpoint, path: Bytes[]): Promise<Found> {
  const isSame = old.size === now.size;
  const roots = isSame ? { old: now.root, new: now.root } : await rootsOf(old, now, path);
  const values: [string, string][] = [
    ...path.map((hash, index): [string, string] => [`hash ${index + 1} of the path`, toBase64(hash)]),
    ["kept root, computed", toBase64(roots.old)], ["kept root, signed", toBase64(old.root)],
    ["newest root, computed", toBase64(roots.new)], ["newest root, signed", toBase64(now.root)],
  ];
  if (!equal(roots.old, old.root)) throw new Refuted(`The log does not contain what was signed at ${old.size}: it was rewritten.`, values);
  if (!equal(roots.new, now.root)) throw new Refuted("The path does not lead to the newest root: the log was rewritten, or the path is wrong.", values);
  return { text: isSame ? "Both state the same root." : `The first ${counted(old.size, "change", "changes")} of the log are those that were signed.`, values };
}

/** Every log continues the empty one, whose root is the hash of nothing. */
async function rootsOf(old: Checkpoint, now: Checkpoint, path: Bytes[]): Promise<{ old: Bytes; new: Bytes }> {
  return old.size === 0 ? { old: await sha256(), new: now.root } : continued(old.root, old.size, now.size, path);
}

/** Check the signature of a note by one of the keys. */
export async function signature(note: Note, keys: string): Promise<Found> {
  const found = signedBy(note, await keysOf(keys));
  const signers: [string, string][] = note.signatures.map(({ name, id }) => ["signed by", `${name}+${id}`]);
  if (found === null) throw new Refuted("None of the keys signed it.", signers);
  const name = `${found.key.name}+${found.key.id}`;
  const isSigned = await isGenuine(note, found.signature, found.key);
  const values: [string, string][] = [["key", `${name}+…`], ["signed text", note.text], ["Ed25519 signature", toBase64(found.signature.bytes)]];
  if (isSigned === false) throw new Refuted(`This is not the signature of ${name} under this text.`, values);
  if (isSigned === null) return { text: "This browser has no Ed25519, so the signature is not checked here: use another browser, or `keyframe verify`.", values, isUnknown: true };
  return { text: `It is signed by the key ${name}.`, values };
}

function stating(stated: Checkpoint, size: number, root: Bytes): Found {
  const values: [string, string][] = [["log", stated.origin], ["size", String(stated.size)], ["root", toBase64(stated.root)]];
  if (stated.size !== size) throw new Refuted(`The checkpoint is of ${stated.size} changes, the proof of ${size}.`, values);
  if (!equal(stated.root, root)) throw new Refuted("The checkpoint states another root.", values);
  return { text: `The checkpoint of the log ${stated.origin} states this root.`, values };
}

const stated = ({ origin, size, root }: Checkpoint): [string, string][] => [["log", origin], ["size", String(size)], ["root", toBase64(root)]];

function columns(leaf: Leaf): [string, string][] {
  return [
    ["position", String(leaf.position)], ["recorded at", leaf.recordedAt], ["effective at", leaf.effectiveAt], ["stream", leaf.stream],
    ["version", String(leaf.version)], ["belongs to", leaf.belongsTo ?? "none"], ["topic", leaf.topic], ["metadata", leaf.metadata], ["data", leaf.data],
  ];
}

const counted = (count: number, one: string, many: string): string => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** The steps in order; those after one that fails are skipped. */
async function run(checks: Check[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [name, check] of checks) {
    const hasFailed = steps.some(({ outcome }) => outcome === "FAILS");
    steps.push(hasFailed ? { name, outcome: "SKIPPED", text: "Not checked, since an earlier step fails.", values: [] } : await step(name, check));
  }
  return steps;
}

async function step(name: string, check: Check[1]): Promise<Step> {
  try {
    const { isUnknown = false, ...found } = await check();
    return { name, outcome: isUnknown ? "UNKNOWN" : "HOLDS", ...found };
  } catch (error) {
    if (error instanceof Refuted) return { name, outcome: "FAILS", text: error.message, values: error.values };
    if (error instanceof Unreadable || error instanceof MalformedProof || error instanceof SyntaxError) return { name, outcome: "FAILS", text: `It cannot be read: ${error.message}.`, values: [] };
    throw error;
  }
}
