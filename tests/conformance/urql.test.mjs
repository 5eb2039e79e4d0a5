// urql: over HTTP by POST and GET, under hashes, and live as events and over a WebSocket.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as urql from "./clients/urql.mjs";
import { cycleOf, head, headers, liveUrl, reword, url, within } from "./keyframe.mjs";

const OBJECTIVES = `query Objectives($cycle: String!) {
  objectives(filter: { cycle: { key: $cycle } }, first: 10) { nodes { id title } }
}`;
const REWORD = `mutation Reword($objective: ID!, $title: String!) {
  rewordObjective(input: { objective: $objective, title: $title }) { problems { code } objective { id title } }
}`;
const FOLLOW = "subscription Follow($after: Position!) { changes(after: $after) { position subject { id } } }";

/** What fetch was asked for. */
const requests = [];
const fetched = globalThis.fetch;

let cycle;
before(async () => {
  cycle = await cycleOf(["What urql reads first", "What urql reads next"]);
  globalThis.fetch = async (address, init) => {
    requests.push({ method: init?.method ?? "GET", address: String(address), body: init?.body });
    return fetched(address, init);
  };
});
after(() => {
  globalThis.fetch = fetched;
});

test("a query and a mutation", async () => {
  const client = urql.overHttp(url, headers);
  const { data, error } = await client.query(OBJECTIVES, { cycle: cycle.key });
  assert.ifError(error);
  assert.deepEqual(data.objectives.nodes.map(({ id }) => id), cycle.objectives);
  const [objective] = cycle.objectives;
  const response = await client.mutation(REWORD, { objective, title: "What urql wrote" });
  assert.equal(response.data.rewordObjective.objective.title, "What urql wrote");
  assert.deepEqual(response.data.rewordObjective.problems, []);
});

test("what is refused comes as data, and what is no document as an error with a code", async () => {
  const client = urql.overHttp(url, headers);
  const refused = await client.mutation(REWORD, { objective: cycle.objectives[0], title: "" });
  assert.equal(refused.data.rewordObjective.problems[0].code, "INVALID");
  const { error } = await client.query("{ thereIsNoSuchField }", {});
  assert.equal(error.graphQLErrors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
});

test("queries go by GET", async () => {
  requests.length = 0;
  const { data, error } = await urql.byGet(url, headers).query(OBJECTIVES, { cycle: cycle.key });
  assert.ifError(error);
  assert.equal(data.objectives.nodes.length, 2);
  assert.deepEqual(requests.map(({ method }) => method), ["GET"]);
  assert.ok(requests[0].address.includes("query="));
});

test("a query is sent whole once, and by its hash from then on", async () => {
  const named = `query Persisted${Date.now()} { basis { position } }`;
  requests.length = 0;
  for (const _ of ["first", "again"]) {
    const { data, error } = await urql.persisted(url, headers).query(named, {});
    assert.ifError(error);
    assert.ok(data.basis.position > 0);
  }
  assert.deepEqual(requests.map(({ method }) => method), ["GET", "GET", "GET"]);
  assert.deepEqual(requests.map(({ address }) => address.includes("query=")), [false, true, false]);
});

test("a subscription comes as events: history first, then live", () => follows(urql.overEvents(url, headers)));

test("a subscription comes over a WebSocket: history first, then live", () =>
  follows(urql.live(url, liveUrl, headers)));

async function follows(client) {
  const [, id] = cycle.objectives;
  const position = await head();
  await reword(id, `Before urql followed it ${Math.random()}`);
  const heard = [];
  await within(20, new Promise((resolve, reject) => {
    const { unsubscribe } = client.subscription(FOLLOW, { after: position }).subscribe(async ({ data, error }) => {
      if (error) return reject(error);
      heard.push(data.changes);
      if (heard.length === 1) await reword(id, `While urql followed it ${Math.random()}`);
      if (heard.length === 2) {
        unsubscribe();
        resolve();
      }
    });
  }));
  assert.deepEqual(heard.map((change) => change.position), [position + 1, position + 2]);
  assert.deepEqual(heard.map((change) => change.subject.id), [id, id]);
}
