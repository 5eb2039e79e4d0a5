// Writes the manifest where the server finds it, and the digest of each document by the name of its operation.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const printed = Object.values(JSON.parse(readFileSync("src/generated/persisted-documents.json", "utf8")));
const documents = printed.toSorted().map((text) => ({ text, digest: createHash("sha256").update(text).digest("hex") }));
const named = documents.map(({ text, digest }) => [/(?:query|mutation|subscription) (\w+)/.exec(text)[1], digest]);

write("../api/console/documents.json", documents.map(({ text, digest }) => [digest, text]));
write("src/generated/ids.json", named.toSorted());

function write(path, entries) {
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`);
}
