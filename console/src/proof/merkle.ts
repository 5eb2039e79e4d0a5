// The Merkle tree of RFC 6962 and its proofs (RFC 9162, 2.1.3.2 and 2.1.4.2), by the SHA-256 of WebCrypto.

export type Bytes = Uint8Array<ArrayBuffer>;

/** One node on the way from a leaf to the root: the hash beside, its side, and the hash above both. */
export interface Fold {
  beside: Bytes;
  side: "left" | "right";
  above: Bytes;
}

/** A proof that cannot be one, whatever its hashes. The message is a clause. */
export class MalformedProof extends Error {}

/** SHA-256 of bytes in sequence. */
export async function sha256(...parts: Bytes[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
}

/** The hash of a node: SHA-256 of 0x01 and its two halves. */
export const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> => sha256(Uint8Array.of(1), left, right);

export function equal(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** The nodes from the leaf at an index to the root of the tree of `size` leaves. Rejects with `MalformedProof`. */
export async function folded(leafHash: Bytes, index: number, size: number, path: readonly Bytes[]): Promise<Fold[]> {
  if (index < 0 || index >= size) throw new MalformedProof(`a tree of ${size} leaves has none at index ${index}`);
  const way = sides(index, size - 1, path.length);
  const folds: Fold[] = [];
  let above = leafHash;
  for (const [place, beside] of path.entries()) {
    const side = way[place]!;
    above = await (side === "left" ? nodeHash(beside, above) : nodeHash(above, beside));
    folds.push({ beside, side, above });
  }
  return folds;
}

/** The roots of the trees of `old` and `size` leaves that a consistency proof leads to. Rejects with `MalformedProof`. */
export async function continued(oldRoot: Bytes, old: number, size: number, path: readonly Bytes[]): Promise<{ old: Bytes; new: Bytes }> {
  if (old < 1 || old >= size) throw new MalformedProof(`a log of ${size} entries does not continue one of ${old}`);
  let [place, last] = [old - 1, size - 1];
  while (place % 2 === 1) [place, last] = [half(place), half(last)];
  const isWhole = place === 0; // the old tree is one node of the new one
  const [first, ...rest] = isWhole ? [oldRoot, ...path] : path;
  if (first === undefined) throw new MalformedProof("the path is too short");
  const way = sides(place, last, rest.length);
  const roots = { old: first, new: first };
  for (const [step, beside] of rest.entries()) {
    if (way[step] === "left") {
      roots.old = await nodeHash(beside, roots.old);
      roots.new = await nodeHash(beside, roots.new);
    } else roots.new = await nodeHash(roots.new, beside);
  }
  return roots;
}

/** On which side of the way up each hash of a path lies. Throws `MalformedProof` for a path of another length. */
function sides(place: number, last: number, length: number): Fold["side"][] {
  const found: Fold["side"][] = [];
  while (last > 0) {
    const isLeft = place % 2 === 1 || place === last;
    found.push(isLeft ? "left" : "right");
    if (isLeft) while (place > 0 && place % 2 === 0) [place, last] = [half(place), half(last)];
    [place, last] = [half(place), half(last)];
  }
  if (found.length !== length) throw new MalformedProof(`the path has ${length} hashes instead of ${found.length}`);
  return found;
}

/** Positions go beyond 32 bits, at which shifts end. */
const half = (number: number): number => Math.floor(number / 2);
