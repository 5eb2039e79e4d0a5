// Writes the manifest where the server finds it, and the digest of each document by the name of its operation.
import { readFileSync, writeFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync("src/generated/persisted-documents.json", "utf8"));
const documents = Object.entries(manifest).sort(([, one], [, other]) => (one < other ? -1 : 1));
const ids = documents.map(([digest, text]) => [/(?:query|mutation|subscription) (\w+)/.exec(text)[1], digest]);

writeFileSync("../api/console/documents.json", `${JSON.stringify(Object.fromEntries(documents), null, 1)}\n`);
writeFileSync("src/generated/ids.json", `${JSON.stringify(Object.fromEntries(ids.sort()), null, 1)}\n`);
