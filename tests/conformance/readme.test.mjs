// Every document of README, in its order, and every document of the guides is answered.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { parse } from "graphql";
import { createClient } from "graphql-ws";
import { answer, ask, headers, liveUrl, tell, within } from "./keyframe.mjs";

const documentsOf = async (path) => [...(await readFile(path, "utf8")).matchAll(/```graphql\n(.*?)```/gs)].map(([, document]) => document);
const walkthrough = await documentsOf("../../README.md");
/** The guides whose documents may be sent in any order; the Python suite sends those of the other one in theirs. */
const pages = (await readdir("../../docs")).filter((name) => name.endsWith(".md") && name !== "running-a-quarter.md");
const guides = (await Promise.all(pages.map((name) => documentsOf(`../../docs/${name}`)))).flat();

/** The variables of README, from earlier answers: the id of an object under the object's name, and scalars. */
const earlier = {};

/** The variables of the guides, by their names. */
let variables;
before(async () => {
  const { cycles } = await ask("{ cycles(filter: { state: CLOSED }) { nodes { key objectives { nodes { title keyResults { id } } } } } }");
  const cycle = cycles.nodes.find(({ objectives }) => objectives.nodes.length);
  const [objective] = cycle.objectives.nodes;
  const monthAgo = new Date(Date.now() - 30 * 86_400_000).toISOString();
  const [keyResult] = objective.keyResults;
  variables = { cycle: cycle.key, title: objective.title, monthAgo, from: { position: 42 }, position: 42, known: 42 };
  const { person } = await tell("addPerson", { handle: `p-${Date.now()}`, name: "To be erased" }, "person { id }");
  const { kpis } = await ask("{ kpis(first: 1) { nodes { key } } }");
  Object.assign(variables, { keyResult: keyResult.id, person: person.id, after: 0, at: monthAgo, kpi: kpis.nodes[0].key });
  Object.assign(variables, { points: [], checkIns: [{ keyResult: keyResult.id, value: 1 }] });
});

test("README and the guides contain documents", () => assert.ok(walkthrough.length > 10 && guides.length > 8));

for (const document of walkthrough) {
  test(`README: ${title(document)}`, async () => {
    const data = await answered(document, earlier);
    for (const field of Object.values(data)) {
      assert.deepEqual(field.problems ?? [], []);
      for (const [name, value] of Object.entries(field)) {
        if (value?.id !== undefined) earlier[name] = value.id;
        else if (typeof value !== "object") earlier[name] = value;
      }
    }
  });
}

for (const document of guides) test(`docs: ${title(document)}`, () => answered(document, variables));

/** The kind and the name of an operation. */
function title(document) {
  const [operation] = parse(document).definitions;
  return `${operation.operation} ${operation.name.value}`;
}

/** The data of an answer without errors, or of a subscription's first message. */
async function answered(document, values) {
  const [operation] = parse(document).definitions;
  const names = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
  const given = Object.fromEntries(names.map((name) => [name, values[name]]));
  assert.ok(names.every((name) => given[name] !== undefined), `a value for each of ${names}`);
  const { data, errors } = await (operation.operation === "subscription" ? first : answer)(document, given);
  assert.equal(errors, undefined, JSON.stringify(errors));
  assert.ok(Object.values(data).every((part) => part !== null));
  return data;
}

/** The first message of a subscription. */
async function first(query, variables) {
  const client = createClient({ url: liveUrl, connectionParams: headers, retryAttempts: 0 });
  try {
    const { value } = await within(20, client.iterate({ query, variables }).next());
    return value;
  } finally {
    await client.dispose();
  }
}
