// Relay's server specification whole: objects by their global ids, and lists as connections.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { answer, ask, cycleOf, draft, head, measure, reword } from "./keyframe.mjs";

const TITLES = ["One is here first", "Two comes after it", "Three is in the middle", "Four is nearly last", "Five is the end of it"];

const PAGE = `query Page($cycle: String!, $first: Int, $after: String, $last: Int, $before: String) {
  objectives(filter: { cycle: { key: $cycle } }, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id title } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

let cycle;
before(async () => {
  cycle = await cycleOf(TITLES);
});

const page = async (asked, key = cycle.key) => (await ask(PAGE, { cycle: key, ...asked })).objectives;
const titles = ({ edges }) => edges.map(({ node }) => node.title);

// ── objects ──────────────────────────────────────────────────────────────────────────────────────

test("node returns an object of any type by its id", async () => {
  const { __schema } = await ask("{ __schema { types { name kind possibleTypes { name } } } }");
  const possible = __schema.types.find(({ name }) => name === "Node").possibleTypes.map(({ name }) => name);
  const found = await ask(`{
    cycles { nodes { id __typename } } objectives { nodes { id __typename } } keyResults { nodes { id __typename } }
    kpis { nodes { id __typename latest { id __typename } } } teams { nodes { id __typename } }
    people { nodes { id __typename } } changes(last: 50) { nodes { id __typename } }
    entities: objectives { nodes { initiatives { id __typename } keyResults { checkIns(first: 1) { nodes { id __typename } } } } }
  }`);
  const given = new Map();
  JSON.stringify(found, (_, it) => (it?.id && it.__typename && given.set(it.__typename, it.id), it));
  assert.ok(given.size >= 10, [...given.keys()].join());
  for (const [type, id] of given) {
    assert.ok(possible.includes(type), `${type} is a Node`);
    const { node } = await ask("query ($id: ID!) { node(id: $id) { __typename id } }", { id });
    assert.deepEqual(node, { __typename: type, id });
  }
});

test("nodes returns objects in the order of their ids, with null for unknown ids", async () => {
  const [one, two] = cycle.objectives;
  const ids = [two, "bm90aGluZw", one, two];
  const { nodes } = await ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids });
  assert.deepEqual(nodes, [{ id: two }, null, { id: one }, { id: two }]);
});

test("an unknown id is null, and no error", async () => {
  for (const id of ["", "x", "bm90aGluZw", "T2JqZWN0aXZlOjAwMDA", cycle.id.slice(0, -4), "🚲", "T2JqZWN0aXZlOg=="]) {
    const { data, errors } = await answer("query ($id: ID!) { node(id: $id) { id } }", { id });
    assert.deepEqual([data, errors], [{ node: null }, undefined], id);
  }
});

test("two objects never share an id, and one object has the same id everywhere", async () => {
  const { objectives, keyResults } = await ask(`{
    objectives(first: 1000) { nodes { id keyResults { id } } } keyResults(first: 1000) { nodes { id } }
  }`);
  const ids = [...objectives.nodes, ...keyResults.nodes].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const known = new Set(ids);
  for (const { keyResults: own } of objectives.nodes) for (const { id } of own) assert.ok(known.has(id));
});

test("an id read in the past names the past for ever, and entityId the present", async () => {
  const key = await cycleOf(["As it was written first"]);
  const [id] = key.objectives;
  const position = await head();
  await reword(id, "As it was written later");
  const then = await ask(
    "query ($id: ID!, $position: Position!) { asOf(position: $position) { objective(id: $id) { id entityId title } } }",
    { id, position },
  );
  const { id: past, entityId, title } = then.asOf.objective;
  assert.deepEqual([entityId, title], [id, "As it was written first"]);
  assert.notEqual(past, id);
  const { nodes } = await ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Objective { title } } }", {
    ids: [past, id],
  });
  assert.deepEqual(nodes, [{ id: past, title: "As it was written first" }, { id, title: "As it was written later" }]);
});

// ── connections ──────────────────────────────────────────────────────────────────────────────────

test("every connection has edges with cursor and node, and a pageInfo, of the types that the specification names", async () => {
  const shape = "fields { name type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";
  const { __schema } = await ask(`{ __schema { types { name kind ${shape} } } }`);
  const types = new Map(__schema.types.map((type) => [type.name, type]));
  const field = (type, name) => types.get(type).fields.find((one) => one.name === name)?.type;
  const typeName = (type) => (type.kind === "NON_NULL" ? `${typeName(type.ofType)}!` : type.kind === "LIST" ? `[${typeName(type.ofType)}]` : type.name);
  const connections = [...types.keys()].filter((name) => name.endsWith("Connection"));
  assert.ok(connections.length > 5);
  for (const name of connections) {
    const edge = name.replace(/Connection$/, "Edge");
    assert.match(typeName(field(name, "edges")), new RegExp(`^\\[${edge}!?\\]!?$`));
    assert.equal(typeName(field(name, "pageInfo")), "PageInfo!");
    assert.match(typeName(field(edge, "cursor")), /^String!?$/);
    assert.ok(field(edge, "node"));
  }
  assert.equal(typeName(field("PageInfo", "hasNextPage")), "Boolean!");
  assert.equal(typeName(field("PageInfo", "hasPreviousPage")), "Boolean!");
  assert.match(typeName(field("PageInfo", "startCursor")), /^String!?$/);
  assert.match(typeName(field("PageInfo", "endCursor")), /^String!?$/);
});

test("every field that gives a connection takes first, after, last and before", async () => {
  const { __schema } = await ask(`{ __schema { types { name fields {
    name args { name type { kind name } } type { name kind ofType { name kind } }
  } } } }`);
  let met = 0;
  for (const { name, fields } of __schema.types) {
    for (const field of fields ?? []) {
      const type = field.type.name ?? field.type.ofType.name;
      if (!type?.endsWith("Connection")) continue;
      const taken = Object.fromEntries(field.args.map((arg) => [arg.name, arg.type.name]));
      met += 1;
      const { first, after, last, before } = taken;
      assert.deepEqual({ first, after, last, before }, { first: "Int", after: "String", last: "Int", before: "String" }, `${name}.${field.name}`);
    }
  }
  assert.ok(met > 10);
});

test("forwards, page by page, everything comes once and in order", async () => {
  const seen = [];
  let after = null;
  for (;;) {
    const { edges, pageInfo } = await page({ first: 2, after });
    seen.push(...titles({ edges }));
    assert.equal(pageInfo.startCursor, edges[0].cursor);
    assert.equal(pageInfo.endCursor, edges.at(-1).cursor);
    assert.equal(pageInfo.hasPreviousPage, after !== null);
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  assert.deepEqual(seen, TITLES);
});

test("backwards, page by page, everything comes once and in the same order within a page", async () => {
  const seen = [];
  let before = null;
  for (;;) {
    const { edges, pageInfo } = await page({ last: 2, before });
    seen.unshift(...titles({ edges }));
    assert.equal(pageInfo.hasNextPage, before !== null);
    if (!pageInfo.hasPreviousPage) break;
    before = pageInfo.startCursor;
  }
  assert.deepEqual(seen, TITLES);
});

test("a page between two cursors has the rows between them, from either end", async () => {
  const { edges } = await page({ first: 5 });
  const between = { after: edges[0].cursor, before: edges[4].cursor };
  assert.deepEqual(titles(await page({ first: 10, ...between })), TITLES.slice(1, 4));
  assert.deepEqual(titles(await page({ first: 2, ...between })), TITLES.slice(1, 3));
  assert.deepEqual(titles(await page({ last: 2, ...between })), TITLES.slice(2, 4));
});

test("an empty page has no cursors, and says what lies around it", async () => {
  const { edges } = await page({ first: 5 });
  const { edges: none, pageInfo } = await page({ first: 2, after: edges[4].cursor });
  assert.deepEqual(none, []);
  assert.deepEqual(pageInfo, { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null });
});

test("a page of fewer than none, and a cursor that is none, are refused", async () => {
  for (const asked of [{ first: -1 }, { last: -1 }, { first: 1, last: 1 }, { first: 1, after: "no cursor" }, { first: 1001 }]) {
    const { errors } = await answer(PAGE, { cycle: cycle.key, ...asked });
    assert.equal(errors[0].extensions.code, "INVALID", JSON.stringify(asked));
  }
});

test("a cursor holds while something is inserted before it", async () => {
  const byTitle = `query ($cycle: String!, $after: String, $before: String, $first: Int, $last: Int) {
    objectives(filter: { cycle: { key: $cycle } }, orderBy: { field: TITLE, direction: ASC }, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { title } } pageInfo { hasNextPage endCursor startCursor }
    }
  }`;
  const { key } = await cycleOf(["B is the first of these", "D is the second one", "F is the third of them", "H is the last of them"]);
  const first = (await ask(byTitle, { cycle: key, first: 2 })).objectives;
  const last = (await ask(byTitle, { cycle: key, last: 2 })).objectives;
  assert.deepEqual(titles(first), ["B is the first of these", "D is the second one"]);
  await draft(key, "A was put before them all");
  await draft(key, "C was put between two");
  await draft(key, "I was put behind them all");
  const rest = (await ask(byTitle, { cycle: key, first: 2, after: first.pageInfo.endCursor })).objectives;
  assert.deepEqual(titles(rest), ["F is the third of them", "H is the last of them"]);
  assert.equal(rest.pageInfo.hasNextPage, true);
  const front = (await ask(byTitle, { cycle: key, last: 2, before: last.pageInfo.startCursor })).objectives;
  assert.deepEqual(titles(front), ["C was put between two", "D is the second one"]);
});

test("a cursor holds while what it names moves elsewhere", async () => {
  const { key, objectives } = await cycleOf(["K is to be moved soon", "L stays where it is", "M stays where it is"]);
  const first = await page({ first: 1 }, key);
  await reword(objectives[0], "Z has gone to the end");
  await measure(objectives[1]);
  assert.deepEqual(titles(await page({ first: 5, after: first.pageInfo.endCursor }, key)), ["L stays where it is", "M stays where it is"]);
});
