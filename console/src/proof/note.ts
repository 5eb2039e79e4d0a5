// Signed notes (c2sp.org/signed-note) and the checkpoints that they state (c2sp.org/tlog-checkpoint).
import { sha256, type Bytes } from "./merkle.js";
import { fromBase64, toHex, utf8 } from "./text.js";

export interface Signature {
  name: string;
  /** The id of the key, in hexadecimal digits. */
  id: string;
  bytes: Bytes;
}

export interface Note {
  /** What is signed, with the line break at its end. */
  text: string;
  signatures: Signature[];
}

export interface Checkpoint {
  /** The name of the log. */
  origin: string;
  size: number;
  root: Bytes;
}

/** A public key `NAME+ID+KEY`. */
export interface Key {
  name: string;
  id: string;
  bytes: Bytes;
}

/** Something that is not what it should be. The message is a clause. */
export class Unreadable extends Error {}

const ID_BYTES = 4;
const ED25519 = 1;

/** The note of a text that may have been pasted. Throws `Unreadable`. */
export function noteOf(pasted: string): Note {
  const whole = pasted.replaceAll("\r\n", "\n").trim();
  const end = whole.lastIndexOf("\n\n");
  if (end < 0) throw new Unreadable("it has no blank line with signatures below");
  const signatures = whole.slice(end + 2).split("\n").map(signatureOf);
  return { text: `${whole.slice(0, end)}\n`, signatures };
}

function signatureOf(line: string): Signature {
  const found = /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line);
  if (found === null) throw new Unreadable("below the blank line is something else than a signature");
  const bytes = based(found[2]!, "a signature is not Base64");
  return { name: found[1]!, id: toHex(bytes.slice(0, ID_BYTES)), bytes: bytes.slice(ID_BYTES) };
}

/** The checkpoint of a note's text. Throws `Unreadable`. */
export function checkpointOf({ text }: Note): Checkpoint {
  const found = /^([^\n]+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/.exec(text);
  const size = Number(found?.[2]);
  if (found === null || !Number.isSafeInteger(size)) throw new Unreadable("its lines are not the name of a log, a size and a root hash");
  return { origin: found[1]!, size, root: based(found[3]!, "the root hash is not Base64") };
}

/** The keys of a text, one per line. Rejects with `Unreadable`, also for a key that does not match its id. */
export async function keysOf(text: string): Promise<Key[]> {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (lines.length === 0) throw new Unreadable("there is no key");
  return Promise.all(lines.map(keyOf));
}

async function keyOf(line: string): Promise<Key> {
  const [, name, id, text] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  if (name === undefined || id === undefined || text === undefined) throw new Unreadable("a key has the form NAME+ID+KEY");
  const typed = based(text, "the key is not Base64");
  const digest = await sha256(utf8(`${name}\n`), typed);
  if (typed[0] !== ED25519 || typed.length !== 33 || toHex(digest.slice(0, ID_BYTES)) !== id) throw new Unreadable(`the key ${name}+${id} is damaged: it does not match its id`);
  return { name, id, bytes: typed.slice(1) };
}

function based(text: string, fault: string): Bytes {
  try {
    return fromBase64(text);
  } catch {
    throw new Unreadable(fault);
  }
}

/** The signature of a note by one of these keys, and that key; null without one. */
export function signedBy(note: Note, keys: readonly Key[]): { signature: Signature; key: Key } | null {
  for (const signature of note.signatures) {
    const key = keys.find(({ name, id }) => name === signature.name && id === signature.id);
    if (key !== undefined) return { signature, key };
  }
  return null;
}

/** Whether a key signed the text of a note; null where this browser has no Ed25519. Rejects with `Unreadable`. */
export async function isGenuine(note: Note, signature: Signature, key: Key): Promise<boolean | null> {
  const imported = await crypto.subtle.importKey("raw", key.bytes, { name: "Ed25519" }, false, ["verify"]).catch(missing);
  return imported && crypto.subtle.verify({ name: "Ed25519" }, imported, signature.bytes, utf8(note.text));
}

function missing(error: unknown): null {
  if (error instanceof DOMException && error.name === "NotSupportedError") return null;
  throw new Unreadable("the key is none of Ed25519");
}
