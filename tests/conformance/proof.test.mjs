// The verification of the console, by published vectors and on the log of a server. `tsc` compiles it before.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { leafOf } from "./build/proof/leaf.js";
import { continued, folded, MalformedProof, nodeHash, sha256 } from "./build/proof/merkle.js";
import { checkpointOf, keysOf, noteOf, Unreadable } from "./build/proof/note.js";
import { fromBase64, toBase64, toHex } from "./build/proof/text.js";
import { proveConsistency, proveInclusion } from "./build/proof/verification.js";
import { ask, headers, tell, url } from "./keyframe.mjs";

const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

// ── the vectors of the Certificate Transparency projects, for the trees of RFC 6962 ──────────────

const INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const INCLUSIONS = [
  [0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]],
  [5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]],
  [2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]],
  [1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]],
];
const CONSISTENCIES = [
  [1, 8, INCLUSIONS[0][2]],
  [6, 8, ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]],
  [2, 5, ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]],
];
const leafHash = (index) => sha256(Uint8Array.of(0), hex(INPUTS[index]));

/** The tree hash as RFC 6962 defines it, and the proofs of RFC 9162, for any number of leaves. */
async function tree(leaves) {
  if (leaves.length < 2) return leaves[0] ?? sha256();
  const middle = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return nodeHash(await tree(leaves.slice(0, middle)), await tree(leaves.slice(middle)));
}
async function pathTo(index, leaves) {
  if (leaves.length < 2) return [];
  const middle = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return index < middle
    ? [...(await pathTo(index, leaves.slice(0, middle))), await tree(leaves.slice(middle))]
    : [...(await pathTo(index - middle, leaves.slice(middle))), await tree(leaves.slice(0, middle))];
}
async function pathFrom(old, leaves, isWhole = true) {
  if (old === leaves.length) return isWhole ? [] : [await tree(leaves)];
  const middle = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return old <= middle
    ? [...(await pathFrom(old, leaves.slice(0, middle), isWhole)), await tree(leaves.slice(middle))]
    : [...(await pathFrom(old - middle, leaves.slice(middle), false)), await tree(leaves.slice(0, middle))];
}

describe("published vectors of RFC 6962", () => {
  test("published inclusion proofs lead to the published roots", async () => {
    assert.equal(toHex(await sha256()), ROOTS[0]);
    for (const [index, size, path] of INCLUSIONS) {
      const folds = await folded(await leafHash(index), index, size, path.map(hex));
      assert.equal(toHex(folds.at(-1).above), ROOTS[size]);
    }
  });

  test("published consistency proofs lead to both published roots", async () => {
    for (const [old, size, path] of CONSISTENCIES) {
      const roots = await continued(hex(ROOTS[old]), old, size, path.map(hex));
      assert.deepEqual([toHex(roots.old), toHex(roots.new)], [ROOTS[old], ROOTS[size]]);
    }
  });

  test("proofs for each leaf and size hold, and a path that is too short or too long is malformed", async () => {
    const leaves = await Promise.all(Array.from({ length: 19 }, (_, index) => sha256(Uint8Array.of(0, index))));
    for (let size = 1; size <= leaves.length; size += 1) {
      const root = await tree(leaves.slice(0, size));
      for (let index = 0; index < size; index += 1) {
        const path = await pathTo(index, leaves.slice(0, size));
        const folds = await folded(leaves[index], index, size, path);
        assert.deepEqual(folds.at(-1)?.above ?? leaves[index], root);
        await assert.rejects(folded(leaves[index], index, size, [...path, root]), MalformedProof);
        if (path.length > 0) await assert.rejects(folded(leaves[index], index, size, path.slice(1)), MalformedProof);
      }
      for (let old = 1; old < size; old += 1) {
        const path = await pathFrom(old, leaves.slice(0, size));
        const oldRoot = await tree(leaves.slice(0, old));
        assert.deepEqual(await continued(oldRoot, old, size, path), { old: oldRoot, new: root });
        await assert.rejects(continued(oldRoot, old, size, [...path, root]), MalformedProof);
      }
    }
    await assert.rejects(folded(leaves[0], 3, 3, []), MalformedProof);
  });

  test("sizes beyond 32 bits are counted exactly", async () => {
    const size = 2 ** 52 + 1;
    const leaf = await leafHash(0);
    const folds = await folded(leaf, size - 1, size, [leaf]); // the last leaf hangs below the root
    assert.deepEqual(folds.map(({ side }) => side), ["left"]);
    await assert.rejects(folded(leaf, 0, size, Array(52).fill(leaf)), MalformedProof);
    assert.equal((await folded(leaf, 0, size, Array(53).fill(leaf))).length, 53);
  });
});

// ── the log of a server ──────────────────────────────────────────────────────────────────────────

const PROOF = `query ($position: Position!) { ledger { head { size rootHash signedNote }
  inclusion(position: $position) { position size leafHash path leaf } } }`;
const CONSISTENCY = `query ($from: Position!) { ledger { head { size rootHash signedNote }
  checkpoint(position: $from) { signedNote } consistency(from: $from) { path } } }`;

let [keys, head, inclusion, position] = [];
before(async () => {
  keys = (await (await fetch(url.replace("/graphql", "/checkpoint/key"), { headers })).text()).trim();
  position = 100;
  ({ head, inclusion } = (await ask(PROOF, { position })).ledger);
});

const outcomes = (steps) => steps.map(({ outcome }) => outcome);
const allHold = (steps) => assert.deepEqual(steps.filter(({ outcome }) => outcome !== "HOLDS"), []);

/** The same text with one bit of its Base64 bytes flipped. */
function flipped(text, bit = 5) {
  const bytes = fromBase64(text);
  bytes[Math.floor(bit / 8)] ^= 1 << (bit % 8);
  return toBase64(bytes);
}

/** Which step fails, with all before it holding and all after it skipped. */
function failing(steps) {
  const index = steps.findIndex(({ outcome }) => outcome === "FAILS");
  assert.deepEqual(outcomes(steps), steps.map((_, place) => (place < index ? "HOLDS" : place > index ? "SKIPPED" : "FAILS")));
  return steps[index].name;
}

describe("a real log", () => {
  test("each change of the log is proved, from its bytes to the signature", async () => {
    for (const at of [1, 2, 3, 100, head.size - 1, head.size]) {
      const { ledger } = await ask(PROOF, { position: at });
      const steps = await proveInclusion(at, ledger.inclusion, ledger.head, keys);
      allHold(steps);
      assert.deepEqual(steps.map(({ name }) => name), ["Leaf", "Leaf hash", "Path", "Root", "Checkpoint", "Signature"]);
    }
  });

  test("the columns of a leaf are those of the change", async () => {
    const { asOf } = await ask("query ($position: Position!) { asOf(position: $position) { changes(last: 1) { nodes { __typename position recordedAt effectiveAt } } } }", { position });
    const [change] = asOf.changes.nodes;
    const leaf = leafOf(fromBase64(inclusion.leaf));
    assert.equal(leaf.position, position);
    for (const name of ["recordedAt", "effectiveAt"]) assert.equal(Date.parse(leaf[name]), Date.parse(change[name]));
    const words = change.__typename.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
    assert.match(leaf.topic, new RegExp(`^${words}\\.v\\d+$`));
    assert.equal(typeof JSON.parse(leaf.data), "object");
  });

  test("each kept checkpoint is continued by the log, also the empty one and the newest", async () => {
    for (const from of [0, 1, 2, 7, 64, 100, head.size - 1, head.size]) {
      const { ledger } = await ask(CONSISTENCY, { from });
      allHold(await proveConsistency(ledger.checkpoint.signedNote, ledger.head, ledger.consistency.path, keys));
    }
  });

  test("a note that was pasted with other line ends and spaces around it is the same note", async () => {
    const pasted = `\n  ${head.signedNote.replaceAll("\n", "\r\n")}\n\n`;
    assert.deepEqual(noteOf(pasted), noteOf(head.signedNote));
    allHold(await proveConsistency(pasted, head, null, keys));
  });
});

describe("tampering", () => {
  const proved = (change = {}, checkpoint = {}, key = keys, at = position) => proveInclusion(at, { ...inclusion, ...change }, { ...head, ...checkpoint }, key);

  test("one bit of the leaf fails at the leaf hash, and of its position at the leaf", async () => {
    const { length } = fromBase64(inclusion.leaf);
    for (const byte of [12, 20, 30, length - 3, length - 1]) {
      assert.equal(failing(await proved({ leaf: flipped(inclusion.leaf, 8 * byte) })), "Leaf hash", `byte ${byte}`);
    }
    for (const byte of [0, 5, 8]) assert.equal(failing(await proved({ leaf: flipped(inclusion.leaf, 8 * byte) })), "Leaf", `byte ${byte}`);
    assert.equal(failing(await proved({ leafHash: flipped(inclusion.leafHash) })), "Leaf hash");
  });

  test("the bytes of another change fail at the leaf", async () => {
    const { ledger } = await ask(PROOF, { position: position + 1 });
    const steps = await proved(ledger.inclusion);
    assert.equal(failing(steps), "Leaf");
    assert.match(steps[0].text, /change 101, not of 100/);
  });

  test("a leaf that was altered together with its hash fails at the root", async () => {
    const leaf = flipped(inclusion.leaf, 8 * (fromBase64(inclusion.leaf).length - 3));
    const leafHash = toBase64(await sha256(fromBase64(leaf)));
    assert.equal(failing(await proved({ leaf, leafHash })), "Root");
  });

  test("one bit of each hash of the path fails at the root", async () => {
    for (const place of inclusion.path.keys()) {
      assert.equal(failing(await proved({ path: inclusion.path.with(place, flipped(inclusion.path[place])) })), "Root");
    }
    assert.equal(failing(await proved({ path: inclusion.path.slice(1) })), "Path");
    assert.equal(failing(await proved({ path: [...inclusion.path, head.rootHash] })), "Path");
    assert.equal(failing(await proved({ path: ["nonsense"] })), "Path");
  });

  test("one bit of the root fails at the root, and of the signed root at the checkpoint", async () => {
    const signedNote = head.signedNote.replace(head.rootHash, flipped(head.rootHash));
    assert.equal(failing(await proved({}, { rootHash: flipped(head.rootHash) })), "Root");
    assert.equal(failing(await proved({}, { signedNote })), "Checkpoint");
    assert.equal(failing(await proved({}, { signedNote: head.signedNote.replace(`\n${head.size}\n`, `\n${head.size + 1}\n`) })), "Checkpoint");
  });

  test("one bit of the signature fails at the signature", async () => {
    const [signature] = head.signedNote.trim().split(" ").slice(-1);
    for (const bit of [32, 300, 540]) {
      assert.equal(failing(await proved({}, { signedNote: head.signedNote.replace(signature, flipped(signature, bit)) })), "Signature");
    }
    const other = head.signedNote.replace(signature, flipped(signature, 0)); // its key id
    const steps = await proved({}, { signedNote: other });
    assert.deepEqual([failing(steps), steps[5].text], ["Signature", "None of the keys signed it."]);
  });

  test("one bit of the key fails at the signature, and so does the key of another log", async () => {
    const [, name, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.*)$/.exec(keys);
    assert.equal(failing(await proved({}, {}, `${name}+${id}+${flipped(key, 100)}`)), "Signature");
    const stranger = await keyOf(name);
    assert.equal(failing(await proved({}, {}, stranger)), "Signature");
    allHold(await proved({}, {}, `${stranger}\n${keys}`));
    assert.equal(failing(await proved({}, {}, "")), "Signature");
  });

  test("a kept checkpoint of a rewritten log, of another log, and of a longer one each fail with the reason", async () => {
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
    const own = await keyOf("forger", pair.publicKey);
    const { ledger } = await ask(CONSISTENCY, { from: 50 });
    const { path } = ledger.consistency;
    const forged = async (origin, size, root) => signed(`${origin}\n${size}\n${root}\n`, own, pair.privateKey);
    const { origin } = checkpointOf(noteOf(head.signedNote));
    const both = `${own}\n${keys}`;
    const rewritten = await proveConsistency(await forged(origin, 50, flipped(head.rootHash)), ledger.head, path, both);
    assert.deepEqual([failing(rewritten), rewritten[4].text], ["Consistency", "The log does not contain what was signed at 50: it was rewritten."]);
    const longer = await proveConsistency(await forged(origin, head.size + 9999, head.rootHash), ledger.head, null, both);
    assert.match(longer[2].text, /signed are missing/);
    const other = await proveConsistency(await forged("elsewhere", 50, head.rootHash), ledger.head, path, both);
    assert.match(other[2].text, /another log, elsewhere/);
    assert.equal(failing(await proveConsistency(ledger.checkpoint.signedNote, ledger.head, path.with(0, flipped(path[0])), keys)), "Consistency");
    assert.equal(failing(await proveConsistency("what I kept", ledger.head, null, keys)), "Kept checkpoint");
  });
});

test("what is no key, no note or no leaf is explained", async () => {
  await assert.rejects(keysOf("keyframe"), { message: /NAME\+ID\+KEY/ });
  await assert.rejects(keysOf(""), Unreadable);
  for (const text of ["", "a\n\n", "a\n\nb", "a\n\n— name !!!"]) assert.throws(() => noteOf(text), Unreadable, text);
  assert.throws(() => checkpointOf(noteOf("log\n007\nAA==\n\n— a AAAAAAAA")), Unreadable);
  for (const bytes of [[], [1], [0, 1, 2], Array(200).fill(255)]) assert.throws(() => leafOf(Uint8Array.from(bytes)), Unreadable);
  assert.throws(() => fromBase64("AB=="), SyntaxError); // not canonical: its last bits are lost
});

/** The public key of another signer, as `NAME+ID+KEY`. */
async function keyOf(name, made) {
  const key = made ?? (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])).publicKey;
  const typed = Uint8Array.of(1, ...new Uint8Array(await crypto.subtle.exportKey("raw", key)));
  const id = (await sha256(new TextEncoder().encode(`${name}\n`), typed)).slice(0, 4);
  return `${name}+${toHex(id)}+${toBase64(typed)}`;
}

/** A note of a text, signed with a key. */
async function signed(text, vkey, secret) {
  const [name, id] = vkey.split("+");
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, secret, new TextEncoder().encode(text)));
  return `${text}\n— ${name} ${toBase64(Uint8Array.of(...hex(id), ...signature))}\n`;
}
