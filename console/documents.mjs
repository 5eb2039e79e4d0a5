// Writes the manifest where the server finds it, the digest of each document by the name of its operation, and the types
// of each interface and union that a fragment is on, by which the cache of the client knows what a fragment matches.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { buildSchema, isAbstractType } from "graphql";

const printed = Object.values(JSON.parse(readFileSync("src/generated/persisted-documents.json", "utf8")));
const documents = printed.toSorted().map((text) => ({ text, digest: createHash("sha256").update(text).digest("hex") }));
const named = documents.map(({ text, digest }) => [/(?:query|mutation|subscription) (\w+)/.exec(text)[1], digest]);

write("../api/console/documents.json", documents.map(({ text, digest }) => [digest, text]));
write("src/generated/ids.json", named.toSorted());

const schema = buildSchema(readFileSync("../api/schema.graphql", "utf8"));
const conditions = new Set(printed.flatMap((text) => [...text.matchAll(/ on (\w+) \{/g)].map(([, name]) => schema.getType(name))));
const abstract = [...conditions].filter(isAbstractType).map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]);
write("src/generated/possible-types.json", abstract.toSorted());

function write(path, entries) {
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`);
}
