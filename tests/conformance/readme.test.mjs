// Every question that README asks is answered.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { parse } from "graphql";
import { createClient } from "graphql-ws";
import { answer, ask, headers, liveUrl, tell, within } from "./keyframe.mjs";

const README = await readFile("../../README.md", "utf8");
const documents = [...README.matchAll(/```graphql\n(.*?)```/gs)].map(([, document]) => document);

/** What stands for a variable, by its name. */
let variables;
before(async () => {
  const { cycles } = await ask("{ cycles(filter: { state: CLOSED }) { nodes { key objectives { nodes { title keyResults { id } } } } } }");
  const cycle = cycles.nodes.find(({ objectives }) => objectives.nodes.length);
  const [objective] = cycle.objectives.nodes;
  const monthAgo = new Date(Date.now() - 30 * 86_400_000).toISOString();
  const [keyResult] = objective.keyResults;
  variables = { cycle: cycle.key, title: objective.title, monthAgo, from: { position: 42 }, position: 42, known: 42 };
  const { person } = await tell("addPerson", { handle: `p-${Date.now()}`, name: "To be erased" }, "person { id }");
  Object.assign(variables, { keyResult: keyResult.id, person: person.id, after: 0 });
});

test("README asks something", () => assert.ok(documents.length > 8));

for (const document of documents) {
  const [operation] = parse(document).definitions;
  test(`${operation.operation} ${operation.name.value}`, async () => {
    const names = operation.variableDefinitions.map(({ variable }) => variable.name.value);
    const given = Object.fromEntries(names.map((name) => [name, variables[name]]));
    assert.ok(names.every((name) => given[name] !== undefined), `a value for each of ${names}`);
    const { data, errors } = await (operation.operation === "subscription" ? first : answer)(document, given);
    assert.equal(errors, undefined, JSON.stringify(errors));
    assert.ok(Object.values(data).every((part) => part !== null));
  });
}

/** What a subscription tells first. */
async function first(query, variables) {
  const client = createClient({ url: liveUrl, connectionParams: headers, retryAttempts: 0 });
  try {
    const { value } = await within(20, client.iterate({ query, variables }).next());
    return value;
  } finally {
    await client.dispose();
  }
}
