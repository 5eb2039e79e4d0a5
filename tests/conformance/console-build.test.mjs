// The committed files of the console are those that its source builds.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../../console/", import.meta.url));
const BUILT = fileURLToPath(new URL("../../api/console/", import.meta.url));

const npm = (...given) => execFileSync("npm", given, { cwd: SOURCE, stdio: "pipe" });

/** The content of the manifest and of each built file, by name. */
function built() {
  const names = readdirSync(`${BUILT}static`).map((name) => `static/${name}`);
  return Object.fromEntries(["documents.json", ...names].sort().map((name) => [name, readFileSync(BUILT + name, "utf8")]));
}

let committed;
before(() => {
  committed = built();
  npm("ci", "--no-audit", "--no-fund", "--loglevel=error");
  npm("run", "build");
});

test("a build gives the committed files", () => {
  const now = built();
  assert.deepEqual(Object.keys(now), Object.keys(committed), "run 'make console' and commit what it builds");
  assert.deepEqual(now, committed);
});

test("the lock file names no registry", () => {
  assert.doesNotMatch(readFileSync(`${SOURCE}package-lock.json`, "utf8"), /"resolved"/);
});
