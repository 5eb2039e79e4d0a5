// The page of proofs in Chromium: what it verifies, what it finds altered, and who sees which part of it.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { base, closeAll, noComplaints, overflows, serious, signedIn, start, stop } from "./browser.mjs";
import { ask, headers, tell, token } from "./keyframe.mjs";

const member = process.env.KEYFRAME_MEMBER_TOKEN;
const STEPS = ["1. Leaf", "2. Leaf hash", "3. Path", "4. Root", "5. Checkpoint", "6. Signature"];

before(start);
after(stop);
afterEach(closeAll);

const steps = (opened) => opened.getByRole("list", { name: "Steps of the proof" });
const verdict = (opened) => opened.locator(".verdict").first();
const marks = (opened, name) => steps(opened).getByRole("img", { name, exact: true }).count();

async function at(opened, path) {
  await opened.goto(`${base}${path}`);
  await opened.getByRole("heading", { name: "Proof", exact: true }).waitFor();
}

/** Answer documents with this name by what `alter` makes of the server's data. */
async function altered(opened, name, alter) {
  await opened.route("**/graphql", async (route) => {
    if (JSON.parse(route.request().postData() ?? "{}").operationName !== name) return route.fallback();
    // a session counts in requests of the page only, which this one stands for
    const response = await route.fetch({ headers: { ...(await route.request().allHeaders()), "sec-fetch-site": "same-origin" } });
    const body = await response.json();
    alter(body.data);
    await route.fulfill({ response, json: body });
  });
}

/** Base64 with one bit of its first bytes flipped. */
function flipped(text, byte = 6) {
  const bytes = Buffer.from(text, "base64");
  bytes[byte] ^= 1;
  return bytes.toString("base64");
}

test("the newest checkpoint is shown with its number, size, root and time, and its signature is verified", async () => {
  let number = null; // what was just recorded gets a numbered checkpoint within some seconds
  while (number === null) ({ ledger: { head: { number } } } = await ask("{ ledger { head { number } } }"));
  const opened = await signedIn(token);
  await opened.getByRole("link", { name: "Proof" }).click();
  await opened.getByText(/It is signed by the key/).waitFor();
  const note = await opened.getByLabel("The signed note", { exact: true }).innerText();
  const { ledger } = await ask("{ ledger { head { size rootHash signedNote number signedAt } } }");
  assert.equal(note.trim(), ledger.head.signedNote.trim());
  const shown = await opened.locator(".values").first().innerText();
  for (const figure of [ledger.head.size.toLocaleString("en"), ledger.head.rootHash, String(ledger.head.number)]) assert.ok(shown.includes(figure), figure);
  const download = opened.waitForEvent("download");
  await opened.getByRole("link", { name: "Keep this checkpoint" }).click();
  assert.equal((await download).suggestedFilename(), `${ledger.head.size}.checkpoint`);
  noComplaints(opened);
});

test("a change is proved by its position, step by step, with the values of each step", async () => {
  const opened = await signedIn(token);
  await at(opened, "/proof");
  await opened.getByLabel("Position").fill("42");
  await opened.getByRole("button", { name: "Prove this" }).click();
  await opened.waitForURL(`${base}/proof/42`);
  await opened.getByText(/^Proved: change 42 is in the log/).waitFor();
  assert.deepEqual(await steps(opened).getByRole("heading").allInnerTexts(), STEPS);
  assert.equal(await marks(opened, "holds"), 6);
  for (const values of await steps(opened).getByText("Values").all()) await values.click();
  const { ledger } = await ask("{ ledger { head { rootHash } inclusion(position: 42) { leafHash path } } }");
  const text = await steps(opened).innerText();
  for (const hash of [ledger.inclusion.leafHash, ...ledger.inclusion.path, ledger.head.rootHash]) assert.ok(text.includes(hash), hash);
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("what is no position is explained beside the field", async () => {
  const opened = await signedIn(token);
  for (const position of ["0", "-1", "1.5", "99999999", "abc", "9007199254740993"]) {
    await at(opened, `/proof/${position}`);
    assert.match(await opened.getByRole("alert").innerText(), /whole number from 1 to \d+/, position);
    assert.equal(await steps(opened).count(), 0);
  }
  noComplaints(opened);
});

for (const [what, step, alter] of [
  ["the leaf", 2, ({ ledger }) => { ledger.inclusion.leaf = flipped(ledger.inclusion.leaf, 12); }],
  ["the path", 4, ({ ledger }) => { ledger.inclusion.path[3] = flipped(ledger.inclusion.path[3]); }],
  ["the root", 4, ({ ledger }) => { ledger.head.rootHash = flipped(ledger.head.rootHash); }],
  ["the signed root", 5, ({ ledger }) => { ledger.head.signedNote = ledger.head.signedNote.replace(ledger.head.rootHash, flipped(ledger.head.rootHash)); }],
  ["the signature", 6, ({ ledger }) => { ledger.head.signedNote = ledger.head.signedNote.replace(/(\S+)\n$/, (line) => `${flipped(line.trim(), 20)}\n`); }],
]) {
  test(`one bit of ${what} that the server alters fails at step ${step}`, async () => {
    const opened = await signedIn(token);
    await altered(opened, "Inclusion", alter);
    await at(opened, "/proof/42");
    await steps(opened).waitFor();
    assert.match(await verdict(opened).innerText(), new RegExp(`^Not proved. Step ${step}, `));
    assert.deepEqual([await marks(opened, "holds"), await marks(opened, "fails"), await marks(opened, "skipped")], [step - 1, 1, 6 - step]);
    noComplaints(opened);
  });
}

test("one bit of the key fails at the signature, and the server's own key holds again", async () => {
  const opened = await signedIn(token);
  await at(opened, "/proof/42");
  await opened.getByText(/^Proved/).waitFor();
  const field = opened.getByLabel("Signatures are checked with");
  const key = await field.inputValue();
  await field.fill(key.replace(/^([^+]+\+[0-9a-f]{8}\+)(.*)$/, (_, named, text) => named + flipped(text, 9)));
  await opened.getByText(/^Not proved. Step 6, signature, fails: .*damaged/).waitFor();
  await opened.getByRole("button", { name: "Use the server's key" }).click();
  await opened.getByText(/^Proved/).waitFor();
});

test("a browser without Ed25519 says that the signature is open, and still verifies the hashes", async () => {
  const opened = await signedIn(token);
  await opened.addInitScript(() => {
    SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException("Ed25519", "NotSupportedError"));
  });
  await at(opened, "/proof/42");
  await opened.getByText(/^The hashes hold. Step 6, signature, is open: This browser has no Ed25519/).waitFor();
  assert.deepEqual([await marks(opened, "holds"), await marks(opened, "not checked here")], [5, 1]);
});

test("a page that is not secure says that it has to be opened over https", async () => {
  const opened = await signedIn(token);
  await opened.addInitScript(() => Object.defineProperty(globalThis, "isSecureContext", { value: false }));
  await opened.goto(`${base}/proof`);
  await opened.getByRole("heading", { name: "Open this page over https" }).waitFor();
});

test("a kept checkpoint is held against the log, and one that was altered fails with the step", async () => {
  const opened = await signedIn(token);
  const { ledger } = await ask("{ ledger { checkpoint(position: 77) { signedNote } } }");
  await at(opened, "/proof");
  await opened.getByLabel("Paste the signed note that you kept").fill(ledger.checkpoint.signedNote);
  await opened.getByRole("button", { name: "Hold it against the log" }).click();
  await opened.getByText(/^Proved: the log continues the one that you kept/).waitFor();
  const compared = opened.getByRole("list", { name: "Steps of the comparison" });
  assert.equal(await compared.getByRole("img", { name: "holds" }).count(), 5);
  await opened.getByLabel("Paste the signed note that you kept").fill(ledger.checkpoint.signedNote.replace("\n77\n", "\n78\n"));
  await opened.getByRole("button", { name: "Hold it against the log" }).click();
  await opened.getByText(/^Not proved. Step 2, its signature, fails/).waitFor();
  await opened.getByLabel("Paste the signed note that you kept").fill("what I kept");
  await opened.getByRole("button", { name: "Hold it against the log" }).click();
  await opened.getByText(/^Not proved. Step 1, kept checkpoint, fails/).waitFor();
  noComplaints(opened);
});

test("the proof of a change is reached from the history of an objective and from what changed", async () => {
  const opened = await signedIn(token);
  await opened.locator("article.objective h3 a").first().click();
  await opened.getByRole("heading", { name: "History" }).waitFor();
  await opened.getByRole("link", { name: "prove this" }).first().click();
  await opened.getByText(/^Proved: change \d+/).waitFor();
  await opened.getByRole("link", { name: "What changed" }).click();
  await opened.getByRole("button", { name: "A month ago" }).click();
  await opened.locator("details.difference > summary").first().click();
  await opened.locator("details[open]").getByText("Its changes, with their proofs").click();
  await opened.getByRole("link", { name: "prove this" }).first().click();
  await opened.getByText(/^Proved: change \d+/).waitFor();
  noComplaints(opened);
});

test("who may not read the ledger sees no way to a proof, and no figure of it at its address", async () => {
  const opened = await signedIn(member);
  const asked = [];
  opened.on("request", (request) => asked.push(request.postData() ?? ""));
  assert.equal(await opened.getByRole("link", { name: "Proof" }).count(), 0);
  await opened.locator("article.objective h3 a").first().click();
  await opened.getByRole("heading", { name: "History" }).waitFor();
  await opened.goto(`${base}/changes`);
  await opened.locator(".team, .state").first().waitFor();
  assert.equal(await opened.getByText(/prove this|with their proofs/).count(), 0);
  await opened.goto(`${base}/proof/42`);
  await opened.getByRole("heading", { name: "Your role does not show this" }).waitFor();
  assert.doesNotMatch(await opened.locator("main").innerText(), /\d{2,}/);
  assert.ok(!asked.some((body) => body.includes('"Inclusion"')));
  noComplaints(opened);
});

test("who reads the ledger but no private goals sees checkpoints, and no button that proves", async () => {
  const opened = await signedIn(token);
  await altered(opened, "Who", ({ viewer }) => { viewer.can = viewer.can.filter((one) => one !== "READ_PRIVATE"); });
  await at(opened, "/proof/42");
  await opened.getByRole("heading", { name: "Newest checkpoint" }).waitFor();
  assert.equal(await opened.getByRole("button", { name: "Prove this" }).count(), 0);
  assert.equal(await steps(opened).count(), 0);
});

test("the page follows the log: a new change becomes part of the newest checkpoint", async () => {
  const opened = await signedIn(token);
  await at(opened, "/proof");
  const { position } = await tell("addPerson", { handle: `proof-${Date.now()}`, name: "Proof" });
  await opened.waitForFunction((size) => document.querySelector(".note")?.textContent.includes(`\n${size}\n`), position);
  const key = await (await fetch(`${base}/checkpoint/key`, { headers })).text();
  assert.equal(await opened.getByLabel("Signatures are checked with").inputValue(), key.trim());
});

for (const [width, height, colorScheme] of [[390, 844, "dark"], [1280, 800, "light"], [2560, 1440, "dark"]]) {
  test(`the page of proofs fits ${width} px, ${colorScheme}, and axe finds nothing serious`, async () => {
    const opened = await signedIn(token, { width, height, colorScheme, reducedMotion: "reduce" });
    await at(opened, "/proof/42");
    await steps(opened).waitFor();
    for (const values of await steps(opened).getByText("Values").all()) await values.click();
    assert.equal(await overflows(opened), false);
    assert.deepEqual(await serious(opened), []);
    noComplaints(opened);
  });
}
