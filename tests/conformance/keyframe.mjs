// The server under test: its address, the credentials, and its data.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // which browsers have, and Node from 22 on

export const url = process.env.KEYFRAME_URL;
export const liveUrl = url.replace(/^http/, "ws");
export const token = process.env.KEYFRAME_TOKEN;
export const headers = token ? { authorization: `Bearer ${token}` } : {};

/** What the server answers, by nothing but fetch. */
export async function answer(query, variables = {}) {
  const body = JSON.stringify({ query, variables });
  const response = await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body });
  return response.json();
}

/** The data of an answer without errors. */
export async function ask(query, variables) {
  const { data, errors } = await answer(query, variables);
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** What a mutation answers that was not refused. */
export async function tell(verb, input, selection = "position") {
  const type = verb[0].toUpperCase() + verb.slice(1) + "Input";
  const query = `mutation ($input: ${type}!) { ${verb}(input: $input) { position problems { code message } ${selection} } }`;
  const response = (await ask(query, { input }))[verb];
  assert.deepEqual(response.problems, []);
  return response;
}

/** Stops the server with this signal and starts it again, with these settings beside the usual ones. */
export async function restart(how = "kindly", settings = {}) {
  await control(`restart/${how}?${new URLSearchParams(settings)}`);
}

/** Stops the server at once, without starting it again. */
export const stopServer = () => control("stop/at-once");

/** Starts the server that was stopped. */
export const startServer = () => control("start");

async function control(what) {
  const response = await fetch(`${process.env.KEYFRAME_CONTROL}/${what}`, { method: "POST" });
  assert.ok(response.ok, await response.text());
}

/** The shortest active cycle of the demo. */
export async function activeQuarter() {
  const { cycles } = await ask("{ cycles(first: 20) { nodes { key name state startsOn endsOn } } }");
  const days = ({ startsOn, endsOn }) => Date.parse(endsOn) - Date.parse(startsOn);
  return cycles.nodes.filter(({ key, state }) => state === "ACTIVE" && !key.startsWith("c-")).sort((one, other) => days(one) - days(other))[0];
}

// ── what the tests write ─────────────────────────────────────────────────────────────────────────

/** A cycle of a test's own, which goes on today, with some objectives in it. */
export async function cycleOf(titles = []) {
  const key = `c-${randomUUID().slice(0, 8)}`;
  const days = { startsOn: day(-30), endsOn: day(60) };
  const { cycle } = await tell("openCycle", { key, name: `Cycle ${key}`, ...days }, "cycle { id }");
  const objectives = [];
  for (const title of titles) objectives.push(await draft(key, title));
  return { key, id: cycle.id, objectives };
}

const day = (fromToday) => new Date(Date.now() + fromToday * 86_400_000).toISOString().slice(0, 10);

/** The id of a new objective. */
export async function draft(key, title) {
  const { objective } = await tell("draftObjective", { cycle: { key }, title }, "objective { id }");
  return objective.id;
}

/** The id of a new key result that goes from 0 to 100. */
export async function measure(objective, title = "It is heard of often") {
  const metric = { direction: "INCREASE", start: 0, target: 100 };
  const { keyResult } = await tell("addKeyResult", { objective, title, metric }, "keyResult { id }");
  return keyResult.id;
}

export const reword = (objective, title) => tell("rewordObjective", { objective, title });

export const head = async () => (await ask("{ basis { position } }")).basis.position;

// ── waiting ──────────────────────────────────────────────────────────────────────────────────────

/** Waits until the server has so many subscriptions: what is recorded from then on reaches them. */
export async function subscribed(count) {
  const metrics = async () => (await fetch(url.replace("/graphql", "/metrics"), { headers })).text();
  for (let left = 200; !(await metrics()).includes(`\nkeyframe_subscriptions ${count}.0\n`); left -= 1) {
    assert.ok(left > 0, `there are not ${count} subscriptions`);
    await new Promise((later) => setTimeout(later, 100));
  }
}

/** Rejects what does not come: nothing here takes so long. */
export async function within(seconds, promise, what = "an answer") {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
