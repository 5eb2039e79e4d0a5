// A normalised cache separates past and present of an object, since their ids contain the basis.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { beforeEach, test } from "node:test";
import { gql } from "@apollo/client";
import relay from "relay-runtime";
import * as apollo from "./clients/apollo.mjs";
import { environment } from "./clients/relay.mjs";
import { ask, cycleOf, head, headers, liveUrl, measure, reword, tell, url } from "./keyframe.mjs";

const { commitMutation, createOperationDescriptor, fetchQuery } = relay;
const require = createRequire(import.meta.url);

const [THEN, NOW, LATER] = ["What was planned at first", "What it has become by now", "What it was made into later"];

/** An objective that was reworded and checked in since a position. */
let objective, position;
beforeEach(async () => {
  const { key, objectives } = await cycleOf([THEN]);
  [objective] = objectives;
  const keyResult = await measure(objective);
  await tell("activateCycle", { cycle: { key } });
  await tell("checkIn", { keyResult, value: 20 });
  position = await head();
  await reword(objective, NOW);
  await tell("checkIn", { keyResult, value: 70 });
});

/** What a cache should tell, before and after the later mutation. */
function holds({ now, asOf: { then } }, title = NOW) {
  assert.deepEqual([now.title, now.progress.value], [title, 0.7]);
  assert.deepEqual([then.title, then.progress.value], [THEN, 0.2]);
  assert.equal(now.id, objective);
  assert.equal(then.entityId, objective);
  assert.notEqual(then.id, now.id);
}

// ── Apollo ───────────────────────────────────────────────────────────────────────────────────────

const THEN_AND_NOW = gql`
  query ThenAndNow($objective: ID!, $position: Position!) {
    now: objective(id: $objective) { id title progress { value } }
    asOf(position: $position) { then: objective(id: $objective) { id entityId title progress { value } } }
  }
`;
const REWORD = gql`
  mutation Reword($objective: ID!, $title: String!) {
    rewordObjective(input: { objective: $objective, title: $title }) { problems { code } objective { id title } }
  }
`;
const NODE = gql`
  query Node($id: ID!) { node(id: $id) { id ... on Objective { title } } }
`;

async function apolloClient() {
  return apollo.overHttp(url, headers, apollo.cache(await apollo.possibleTypes(url, headers)));
}

test("Apollo's cache holds then and now beside each other, and a later mutation changes now alone", async () => {
  const client = await apolloClient();
  const asked = { query: THEN_AND_NOW, variables: { objective, position } };
  holds((await client.query(asked)).data);
  holds(client.readQuery(asked));
  await client.mutate({ mutation: REWORD, variables: { objective, title: LATER } });
  holds(client.readQuery(asked), LATER);
  const kept = Object.values(client.extract()).filter(({ __typename }) => __typename === "Objective");
  assert.deepEqual(kept.map(({ title }) => title).sort(), [THEN, LATER].sort());
});

test("Apollo's cache stores an object once per basis, and no basis overwrites another", async () => {
  const client = await apolloClient();
  const everywhere = gql`
    query Everywhere($objective: ID!, $position: Position!) {
      objective(id: $objective) {
        id title
        cycle { id plan { objective(id: $objective) { id title } } objectives { nodes { id title } } }
        asOf(position: $position) { id ... on Objective { title } }
        changes { nodes { id position subject { id ... on Objective { title } } } }
      }
    }
  `;
  const { data } = await client.query({ query: everywhere, variables: { objective, position } });
  const { cycle, title, asOf, changes } = data.objective;
  assert.equal(title, NOW);
  assert.equal(asOf.title, THEN);
  assert.equal(cycle.objectives.nodes.find(({ id }) => id === objective).title, NOW);
  assert.equal(cycle.plan.objective.title, THEN);
  for (const { subject } of changes.nodes) assert.equal(subject.title ?? NOW, NOW);
});

test("Apollo reads the past again by its id, after the present has gone on", async () => {
  const client = await apolloClient();
  const { data } = await client.query({ query: THEN_AND_NOW, variables: { objective, position } });
  const past = data.asOf.then.id;
  await client.mutate({ mutation: REWORD, variables: { objective, title: LATER } });
  const again = await client.query({ query: NODE, variables: { id: past }, fetchPolicy: "network-only" });
  assert.deepEqual([again.data.node.id, again.data.node.title], [past, THEN]);
});

// ── Relay ────────────────────────────────────────────────────────────────────────────────────────

test("Relay's store holds then and now beside each other, and a later mutation changes now alone", async () => {
  const client = environment(url, liveUrl, headers);
  const query = require("./build/relay/documentsThenAndNowQuery.graphql");
  const operation = createOperationDescriptor(query, { objective, position });
  client.retain(operation);
  holds(await fetchQuery(client, query, { objective, position }).toPromise());
  const mutation = require("./build/relay/documentsRewordMutation.graphql");
  const variables = { input: { objective, title: LATER } };
  await new Promise((onCompleted, onError) => commitMutation(client, { mutation, variables, onCompleted, onError }));
  holds(client.lookup(operation.fragment).data, LATER);
  const kept = Object.values(client.getStore().getSource().toJSON()).filter((record) => record?.__typename === "Objective");
  assert.deepEqual(kept.map(({ title }) => title).sort(), [THEN, LATER].sort());
});

// ── what their ids say ───────────────────────────────────────────────────────────────────────────

test("one answer never has the same id twice with different contents, wherever then and now meet in it", async () => {
  const { cycles } = await ask("{ cycles { nodes { key } } }");
  const met = new Map();
  for (const { key } of cycles.nodes.slice(0, 4)) {
    const answer = await ask(
      `query ($cycle: String!, $position: Position!) {
        cycle(by: { key: $cycle }) { ...Content plan { cycle(by: { key: $cycle }) { ...Content } } outcome { cycle(by: { key: $cycle }) { ...Content } } }
        asOf(position: $position) { cycle(by: { key: $cycle }) { ...Content } }
        replay(cycle: { key: $cycle }, every: MONTH) { frames { view { cycle(by: { key: $cycle }) { ...Content } } } }
      }
      fragment Content on Cycle { id name state progress { value } objectives(first: 20) { nodes {
        id title state progress { value } keyResults { id title current confidence progress { value } }
      } } }`,
      { cycle: key, position },
    );
    JSON.stringify(answer, (_, it) => {
      if (it?.id === undefined) return it;
      const { id, name, title, state, current, confidence, progress } = it;
      const content = JSON.stringify({ name, title, state, current, confidence, progress });
      assert.equal(met.get(id) ?? content, content, `two contents of ${id}`);
      met.set(id, content);
      return it;
    });
  }
  assert.ok(met.size > 50);
});
