// Relay: what its compiler makes of real documents, run by its runtime.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import relay from "relay-runtime";
import { environment } from "./clients/relay.mjs";
import { cycleOf, draft, head, headers, liveUrl, reword, url, within } from "./keyframe.mjs";

const { ConnectionHandler, commitMutation, createOperationDescriptor, fetchQuery, requestSubscription } = relay;
const { getPaginationMetadata, getPaginationVariables, getRefetchMetadata, getSelector } = relay;
const require = createRequire(import.meta.url);
const compiled = (name) => require(`./build/relay/documents${name}.graphql`);

const TITLES = ["Relay turns to this first", "Relay turns to this next", "Relay turns to this later", "Relay turns to this last"];

let cycle, client;
before(async () => {
  cycle = await cycleOf(TITLES);
  client = environment(url, liveUrl, headers);
});

/** The data of a query, and whatever it has fetched kept for good. */
async function asked(query, variables) {
  const operation = createOperationDescriptor(query, variables);
  client.retain(operation);
  await fetchQuery(client, query, variables).toPromise();
  return client.lookup(operation.fragment).data;
}

/** What a component sees through its fragment. */
const seen = (fragment, reference) => client.lookup(getSelector(fragment, reference)).data;

/** What `usePaginationFragment` does when more is wanted of a list. */
async function loadMore(fragment, reference, direction, count) {
  const { paginationRequest, paginationMetadata, connectionPathInFragmentData, identifierField } = getPaginationMetadata(fragment, "test");
  const data = seen(fragment, reference);
  const connection = getAt(data, connectionPathInFragmentData);
  const cursor = direction === "forward" ? connection.pageInfo.endCursor : connection.pageInfo.startCursor;
  const { variables, owner } = getSelector(fragment, reference);
  const parent = { ...owner.variables, ...variables };
  const identity = identifierField ? { id: data[identifierField] } : {};
  await asked(paginationRequest, { ...getPaginationVariables(direction, count, cursor, parent, {}, paginationMetadata), ...identity });
}

const getAt = (data, path) => path.reduce((inside, name) => inside[name], data);
const titles = (connection) => connection.edges.map(({ node }) => node.title ?? seen(compiled("_objective"), node).title);

test("a connection is read page by page through its fragment, by the id of the node it hangs on", async () => {
  const fragment = compiled("_objectives");
  const { cycle: reference } = await asked(compiled("PageQuery"), { cycle: cycle.key });
  assert.deepEqual(titles(seen(fragment, reference).objectives), TITLES.slice(0, 2));
  assert.equal(seen(fragment, reference).objectives.pageInfo.hasNextPage, true);
  await loadMore(fragment, reference, "forward", 1);
  assert.deepEqual(titles(seen(fragment, reference).objectives), TITLES.slice(0, 3));
  await loadMore(fragment, reference, "forward", 10);
  assert.deepEqual(titles(seen(fragment, reference).objectives), TITLES);
  assert.equal(seen(fragment, reference).objectives.pageInfo.hasNextPage, false);
});

test("a connection of the root is read backwards", async () => {
  const fragment = compiled("_everything");
  const reference = await asked(compiled("EverythingQuery"), { filter: { cycle: { key: cycle.key } } });
  assert.deepEqual(titles(seen(fragment, reference).objectives), TITLES.slice(2));
  await loadMore(fragment, reference, "backward", 1);
  assert.deepEqual(titles(seen(fragment, reference).objectives), TITLES.slice(1));
  await loadMore(fragment, reference, "backward", 10);
  assert.deepEqual(titles(seen(fragment, reference).objectives), TITLES);
  assert.equal(seen(fragment, reference).objectives.pageInfo.hasPreviousPage, false);
});

test("more is loaded after an insertion, with nothing twice and nothing left out", async () => {
  const own = await cycleOf(TITLES.slice(0, 3));
  const fragment = compiled("_objectives");
  const { cycle: reference } = await asked(compiled("PageQuery"), { cycle: own.key });
  await draft(own.key, "Relay did not know of this");
  await loadMore(fragment, reference, "forward", 10);
  assert.deepEqual(titles(seen(fragment, reference).objectives), [...TITLES.slice(0, 3), "Relay did not know of this"]);
});

test("an object is refetched by its id", async () => {
  const fragment = compiled("_objective");
  const { cycle: reference } = await asked(compiled("PageQuery"), { cycle: cycle.key });
  const [{ node }] = seen(compiled("_objectives"), reference).objectives.edges;
  await reword(node.id, "Relay did not receive this");
  assert.equal(seen(fragment, node).title, TITLES[0]);
  const { refetchableRequest } = getRefetchMetadata(fragment, "test");
  await asked(refetchableRequest, { id: node.id });
  assert.equal(seen(fragment, node).title, "Relay did not receive this");
  await reword(node.id, TITLES[0]);
});

const committed = (mutation, variables, more = {}) =>
  new Promise((onCompleted, onError) => commitMutation(client, { mutation, variables, onCompleted, onError, ...more }));

test("a mutation is taken in by what is shown already, and by its updater", async () => {
  const own = await cycleOf(TITLES.slice(0, 1));
  const { cycle: reference } = await asked(compiled("PageQuery"), { cycle: own.key });
  const [objective] = own.objectives;
  const response = await committed(compiled("RewordMutation"), { input: { objective, title: "Relay has reworded this" } });
  assert.deepEqual(response.rewordObjective.problems, []);
  assert.deepEqual(titles(seen(compiled("_objectives"), reference).objectives), ["Relay has reworded this"]);

  const input = { cycle: { key: own.key }, title: "Relay put this at the end" };
  const connections = [ConnectionHandler.getConnectionID(own.id, "documents_objectives")];
  await committed(compiled("DraftMutation"), { input, connections });
  const updater = (store) => {
    const list = ConnectionHandler.getConnection(store.get(own.id), "documents_objectives");
    const node = store.getRootField("draftObjective").getLinkedRecord("objective");
    ConnectionHandler.insertEdgeBefore(list, ConnectionHandler.createEdge(store, list, node, "ObjectiveEdge"));
  };
  const first = { input: { cycle: { key: own.key }, title: "Relay put this in front" }, connections: [] };
  await committed(compiled("DraftMutation"), first, { updater });
  assert.deepEqual(titles(seen(compiled("_objectives"), reference).objectives), [
    "Relay put this in front",
    "Relay has reworded this",
    "Relay put this at the end",
  ]);
});

test("what is refused comes as data, and changes nothing that is shown", async () => {
  const [objective] = cycle.objectives;
  const { cycle: reference } = await asked(compiled("PageQuery"), { cycle: cycle.key });
  const response = await committed(compiled("RewordMutation"), { input: { objective, title: "" } });
  assert.equal(response.rewordObjective.problems[0].code, "INVALID");
  assert.equal(titles(seen(compiled("_objectives"), reference).objectives)[0], TITLES[0]);
});

test("a subscription keeps what is shown up to date", async () => {
  const own = await cycleOf(["Relay follows this one"]);
  const { cycle: reference } = await asked(compiled("PageQuery"), { cycle: own.key });
  const after = await head();
  const shown = () => titles(seen(compiled("_objectives"), reference).objectives)[0];
  await within(20, new Promise((resolve, reject) => {
    const { dispose } = requestSubscription(client, {
      subscription: compiled("FollowSubscription"),
      variables: { after },
      onError: reject,
      onNext({ changes }) {
        assert.equal(changes.position, after + 1);
        dispose();
        resolve();
      },
    });
    reword(own.objectives[0], "Relay saw this happen").catch(reject);
  }));
  assert.equal(shown(), "Relay saw this happen");
});
