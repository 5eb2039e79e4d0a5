// A leaf of the log: all columns of an event, as docs/evidence.md encodes them.
import type { Bytes } from "./merkle.js";
import { Unreadable } from "./note.js";
import { toHex } from "./text.js";

export interface Leaf {
  position: number;
  recordedAt: string;
  effectiveAt: string;
  stream: string;
  version: number;
  belongsTo: string | null;
  topic: string;
  /** The stored bytes, as text. */
  metadata: string;
  data: string;
}

const PREFIX = 0;

/** The event of a leaf. Throws `Unreadable` for bytes that are none. */
export function leafOf(bytes: Bytes): Leaf {
  const reader = new Reader(bytes);
  if (reader.byte() !== PREFIX) throw new Unreadable("it does not begin with 0x00, which distinguishes a leaf from a node");
  const leaf = {
    position: reader.number(),
    recordedAt: reader.moment(),
    effectiveAt: reader.moment(),
    stream: reader.id(),
    version: reader.number(),
    belongsTo: reader.byte() === 0 ? null : reader.id(),
    topic: reader.text(),
    metadata: reader.text(),
    data: reader.text(),
  };
  reader.end();
  return leaf;
}

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Bytes) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  number(): number {
    return Number(this.long());
  }

  /** Microseconds since 1970, as RFC 3339. */
  moment(): string {
    const micros = this.long();
    const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
    const whole = new Date(Number((micros - rest) / 1000n));
    if (Number.isNaN(whole.getTime())) throw new Unreadable("a time in it is none");
    return whole.toISOString().replace(/\.\d+Z$/, `.${String(rest).padStart(6, "0")}Z`);
  }

  id(): string {
    return toHex(this.take(16)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  text(): string {
    const length = this.view.getUint32(this.step(4));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.take(length));
    } catch (error) {
      throw error instanceof Unreadable ? error : new Unreadable("a text in it is not UTF-8");
    }
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new Unreadable("there are bytes after its end");
  }

  private long(): bigint {
    return this.view.getBigInt64(this.step(8));
  }

  private take(length: number): Bytes {
    const from = this.step(length);
    return this.bytes.slice(from, from + length);
  }

  /** Go on by so many bytes; returns where they begin. */
  private step(length: number): number {
    const from = this.at;
    if (from + length > this.bytes.length) throw new Unreadable("it ends too early");
    this.at = from + length;
    return from;
  }
}
