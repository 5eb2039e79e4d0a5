// What a client that follows may rely on, whatever it follows by.

import assert from "node:assert/strict";
import { test } from "node:test";
import { following } from "./clients/following.mjs";
import { ask, cycleOf, head, reword, restart, tell, within } from "./keyframe.mjs";

const FOLLOW = `subscription Follow($after: Position, $filter: ChangeFilter) {
  changes(after: $after, filter: $filter) { position recordedAt reason subject { id } ... on ObjectiveReworded { afterTitle } }
}`;
const FILM = `subscription Film($cycle: String!, $framesPerSecond: Float!) {
  replay(cycle: { key: $cycle }, every: WEEK, framesPerSecond: $framesPerSecond) {
    basis { at position } progress { value } byHealth { health count } changes { position }
  }
}`;
const SECONDS_MAX = 60;

const positions = (first, last) => Array.from({ length: last - first + 1 }, (_, nth) => first + nth);

/** So many results, and then no more of them. */
async function some(results, count) {
  const heard = [];
  for await (const { data, errors } of results) {
    assert.equal(errors, undefined, JSON.stringify(errors));
    heard.push(data.changes);
    if (heard.length === count) break;
  }
  return heard;
}

export function followsTheLog(connected) {
  test("the whole history comes, from the beginning, without a gap or a repeat", async () => {
    const client = connected();
    const last = Math.min(await head(), 1200);
    const heard = await within(SECONDS_MAX, some(client.iterate({ query: FOLLOW, variables: { after: 0 } }), last));
    client.end();
    assert.deepEqual(heard.map(({ position }) => position), positions(1, last));
  });

  test("history comes first, then what is live, across the seam without a gap or a repeat", async () => {
    const { key, objectives } = await cycleOf(["Followed over the seam"]);
    const after = await head();
    for (const nth of positions(1, 5)) await reword(objectives[0], `History ${key} ${nth}`);
    const client = connected();
    const hearing = some(client.iterate({ query: FOLLOW, variables: { after } }), 10);
    for (const nth of positions(6, 10)) await reword(objectives[0], `Live ${key} ${nth}`);
    const heard = await within(SECONDS_MAX, hearing);
    client.end();
    assert.deepEqual(heard.map(({ position }) => position), positions(after + 1, after + 10));
    assert.deepEqual(heard.map(({ afterTitle }) => Number(afterTitle.split(" ")[2])), positions(1, 10));
  });

  test("only what passes the filter comes, and two subscriptions do not mix", async () => {
    const [one, two] = [await cycleOf(["The first of two"]), await cycleOf(["The second of two"])];
    const after = await head();
    const client = connected();
    const of = ({ key }) => some(client.iterate({ query: FOLLOW, variables: { after, filter: { cycle: { key } } } }), 2);
    const hearing = Promise.all([of(one), of(two)]);
    for (const nth of [1, 2]) for (const { objectives } of [one, two]) await reword(objectives[0], `Mixed ${nth} times`);
    const [first, second] = await within(SECONDS_MAX, hearing);
    client.end();
    assert.deepEqual(first.map(({ subject }) => subject.id), [one.objectives[0], one.objectives[0]]);
    assert.deepEqual(second.map(({ subject }) => subject.id), [two.objectives[0], two.objectives[0]]);
  });

  test("a place that the log has not come to is refused with a code", async () => {
    const client = connected();
    const errors = await within(SECONDS_MAX, refused(client.iterate({ query: FOLLOW, variables: { after: 10 ** 9 } })));
    client.end();
    assert.equal(errors[0].extensions.code, "INVALID");
  });

  for (const [what, cutting] of [
    ["its connection was cut", (client) => client.cut()],
    ["the server was started again", () => restart("kindly")],
    ["the server was killed", () => restart("at-once")],
  ]) {
    test(`after ${what}, what follows the last position comes without a gap or a repeat`, async () => {
      const { key, objectives } = await cycleOf(["Followed over a gap"]);
      const after = await head();
      const heard = [];
      const clients = [];
      const opened = () => clients[clients.push(connected()) - 1];
      const write = async (from, to) => {
        for (const nth of positions(from, to)) await reword(objectives[0], `Written ${key} ${nth}`);
      };
      await write(1, 3);
      const hearing = (async () => {
        for await (const change of following(opened, FOLLOW, after)) {
          heard.push(change.position);
          if (change.position === after + 4) cut = Promise.resolve(cutting(clients.at(-1))).then(() => write(5, 8));
          if (change.position === after + 8) break;
        }
      })();
      let cut;
      await write(4, 4);
      await within(SECONDS_MAX, hearing);
      await cut;
      clients.forEach((client) => client.end());
      assert.ok(clients.length > 1, "it was cut off");
      assert.deepEqual(heard, positions(after + 1, after + 8));
    });
  }
}

export function playsTheFilm(connected) {
  test("a cycle is played as a film, frame by frame at the pace that is asked for, to its end", async () => {
    const { cycles } = await ask("{ cycles(filter: { state: CLOSED }) { nodes { key objectives { totalCount } } } }");
    const size = ({ objectives }) => objectives.totalCount;
    const cycle = cycles.nodes.reduce((largest, one) => (size(one) > size(largest) ? one : largest)).key;
    const { replay } = await ask(
      "query ($cycle: String!) { replay(cycle: { key: $cycle }, every: WEEK) { frames { basis { at position } progress { value } byHealth { health count } changes { position } } } }",
      { cycle },
    );
    const client = connected();
    const begun = Date.now();
    const frames = await within(SECONDS_MAX, all(client.iterate({ query: FILM, variables: { cycle, framesPerSecond: 20 } })));
    client.end();
    assert.ok(frames.length > 10);
    assert.deepEqual(frames.map(({ data }) => data.replay), replay.frames);
    assert.ok(Date.now() - begun >= (frames.length - 1) * 50, "no faster than asked for");
  });

  test("nothing that is recorded meanwhile is in the film", async () => {
    const { key, objectives } = await cycleOf(["Filmed before it was reworded"]);
    await tell("activateCycle", { cycle: { key } }, "cycle { id }");
    const last = await head();
    const client = connected();
    const frames = [];
    await within(SECONDS_MAX, (async () => {
      for await (const { data } of client.iterate({ query: FILM, variables: { cycle: key, framesPerSecond: 10 } })) {
        if (frames.push(data.replay) === 1) await reword(objectives[0], "Written while the film ran");
      }
    })());
    client.end();
    assert.ok(frames.every(({ basis }) => basis.position <= last));
  });

  test("a film without a client ends", async () => {
    const { cycles } = await ask("{ cycles(filter: { state: CLOSED }) { nodes { key } } }");
    const client = connected();
    await within(SECONDS_MAX, first(client.iterate({ query: FILM, variables: { cycle: cycles.nodes[0].key, framesPerSecond: 1 } })));
    client.end();
    assert.ok((await head()) > 0);
  });
}

async function first(results) {
  for await (const result of results) return [result];
  return [];
}

/** The errors that a subscription ends with: as its last result, or by a message of their own. */
async function refused(results) {
  try {
    const [{ errors }] = await first(results);
    return errors;
  } catch (errors) {
    return errors;
  }
}

async function all(results) {
  const heard = [];
  for await (const result of results) heard.push(result);
  return heard;
}
