// Apollo Client: over HTTP by POST and GET, under hashes, in parts, and over a WebSocket.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gql } from "@apollo/client";
import { filter, firstValueFrom } from "rxjs";
import * as apollo from "./clients/apollo.mjs";
import { cycleOf, head, headers, liveUrl, reword, url, within } from "./keyframe.mjs";

const OBJECTIVES = gql`
  query Objectives($cycle: String!, $first: Int!, $after: String) {
    objectives(filter: { cycle: { key: $cycle } }, first: $first, after: $after) {
      edges { cursor node { id title progress { value health } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const REWORD = gql`
  mutation Reword($objective: ID!, $title: String!) {
    rewordObjective(input: { objective: $objective, title: $title }) {
      position
      problems { code message }
      objective { id title version }
    }
  }
`;
const FOLLOW = gql`
  subscription Follow($after: Position!) {
    changes(after: $after) { position subject { id } ... on ObjectiveReworded { afterTitle } }
  }
`;

/** What fetch was asked for. */
const requests = [];
const fetched = globalThis.fetch;

let cycle, kinds;
before(async () => {
  cycle = await cycleOf(["Apollo reads this first", "Apollo reads this next", "Apollo reads this last"]);
  kinds = await apollo.possibleTypes(url, headers);
  globalThis.fetch = async (address, init) => {
    const response = await fetched(address, init);
    requests.push({ method: init?.method ?? "GET", address: String(address), body: init?.body, status: response.status });
    return response;
  };
});
after(() => {
  globalThis.fetch = fetched;
});

const fresh = () => apollo.cache(kinds);

test("a query and a mutation, whose answer the cache takes in", async () => {
  const client = apollo.overHttp(url, headers, fresh());
  const variables = { cycle: cycle.key, first: 10 };
  const { data } = await client.query({ query: OBJECTIVES, variables });
  assert.equal(data.objectives.edges.length, 3);
  const [id] = cycle.objectives;
  const response = await client.mutate({ mutation: REWORD, variables: { objective: id, title: "Apollo wrote this" } });
  assert.deepEqual(response.data.rewordObjective.problems, []);
  const cached = client.readQuery({ query: OBJECTIVES, variables });
  assert.equal(cached.objectives.edges[0].node.title, "Apollo wrote this");
});

test("what is refused comes as data, and what is no document as an error with a code", async () => {
  const client = apollo.overHttp(url, headers, fresh());
  const refused = await client.mutate({ mutation: REWORD, variables: { objective: cycle.objectives[0], title: "" } });
  assert.equal(refused.data.rewordObjective.problems[0].code, "INVALID");
  const wrong = await client.query({ query: gql`{ thereIsNoSuchField }`, errorPolicy: "all" });
  assert.equal(wrong.error.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
});

test("pages are put together by fetchMore", async () => {
  const client = apollo.overHttp(url, headers, fresh());
  const asked = client.watchQuery({ query: OBJECTIVES, variables: { cycle: cycle.key, first: 2 } });
  const { data } = await firstValueFrom(asked.pipe(filter(({ loading }) => !loading)));
  const { endCursor, hasNextPage } = data.objectives.pageInfo;
  assert.ok(hasNextPage);
  await asked.fetchMore({ variables: { after: endCursor } });
  const { data: all } = asked.getCurrentResult();
  assert.deepEqual(all.objectives.edges.map(({ node }) => node.id), cycle.objectives);
  assert.equal(all.objectives.pageInfo.hasNextPage, false);
});

test("queries go by GET", async () => {
  const client = apollo.byGet(url, headers, fresh());
  requests.length = 0;
  const { data } = await client.query({ query: OBJECTIVES, variables: { cycle: cycle.key, first: 1 } });
  assert.equal(data.objectives.edges.length, 1);
  assert.deepEqual(requests.map(({ method }) => method), ["GET"]);
});

test("a query is sent whole once, and by its hash from then on", async () => {
  const named = gql`query Persisted${Date.now()} { basis { position } }`;
  requests.length = 0;
  for (const _ of ["first", "again"]) {
    const client = apollo.persisted(url, headers, fresh());
    const { data, error } = await client.query({ query: named });
    assert.ifError(error);
    assert.ok(data.basis.position > 0);
  }
  assert.deepEqual(requests.map(({ method }) => method), ["GET", "POST", "GET"]);
  const [unknown, taught, known] = requests;
  assert.ok(!unknown.address.includes("query=") && !known.address.includes("query="));
  assert.ok(taught.body.includes("Persisted"));
});

test("a subscription comes as parts over HTTP: history first, then live", () => follows((cache) => apollo.overHttp(url, headers, cache)));

test("a subscription comes over a WebSocket: history first, then live", () =>
  follows((cache) => apollo.live(liveUrl, headers, cache)));

async function follows(clientOf) {
  const [, id] = cycle.objectives;
  const position = await head();
  await reword(id, `Before it was followed ${Math.random()}`);
  const client = clientOf(fresh());
  const heard = [];
  await within(20, new Promise((resolve, reject) => {
    const subscription = client.subscribe({ query: FOLLOW, variables: { after: position } }).subscribe({
      error: reject,
      async next({ data, error }) {
        if (error) return reject(error);
        heard.push(data.changes);
        if (heard.length === 1) await reword(id, "While it was followed");
        if (data.changes.afterTitle === "While it was followed") {
          subscription.unsubscribe();
          resolve();
        }
      },
    });
  }));
  client.stop();
  assert.deepEqual(heard.map((change) => change.position), [position + 1, position + 2]);
  assert.deepEqual(heard.map((change) => change.subject.id), [id, id]);
}
