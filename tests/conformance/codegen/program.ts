// A small program that uses what graphql-codegen made: it compiles only as long as the types say what is answered.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import * as keyframe from "../build/codegen/documents.js";
import type { Scalars } from "../build/codegen/schema.js";

const url = process.env["KEYFRAME_URL"] ?? "http://127.0.0.1:8000/graphql";
const token = process.env["KEYFRAME_TOKEN"];
const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };

interface Answer<Data> {
  data?: Data;
  errors?: ReadonlyArray<{ message: string; extensions: { code: string } }>;
}

/** Sends a typed document by fetch. */
async function ask<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...authorization, "content-type": "application/json" },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as Answer<Data>;
  if (data === undefined || errors !== undefined) throw new Error(errors?.[0]?.message ?? "nothing was answered");
  return data;
}

/** How a change reads, by its type. */
function describe(change: keyframe.HappenedQuery["changes"]["nodes"][number]): string {
  switch (change.__typename) {
    case "KeyResultCheckedIn":
      return `${change.previousValue ?? "nothing"} → ${change.value ?? "nothing"}`;
    case "ObjectiveReworded":
      return `${change.beforeTitle} → ${change.afterTitle}`;
    default:
      return change.__typename;
  }
}

test("a typed program drafts, measures, checks in, and reads all of it", async () => {
  const { cycle } = await ask(keyframe.QuarterDocument, { cycle: await activeCycle() });
  assert.ok(cycle);
  const state: keyframe.CycleState = cycle.state;
  assert.equal(state, "ACTIVE");

  const input: keyframe.DraftObjectiveInput = { cycle: { id: cycle.id }, title: "A typed program drafts this", kind: "ASPIRATIONAL" };
  const { draftObjective } = await ask(keyframe.DraftDocument, { input });
  assert.deepEqual(draftObjective?.problems, []);
  const objective = draftObjective?.objective;
  const position: number | null | undefined = draftObjective?.position;
  assert.ok(objective && position);

  const metric: keyframe.MetricInput = { direction: "INCREASE", start: 0, target: 10 };
  const { addKeyResult } = await ask(keyframe.MeasureDocument, { input: { objective: objective.id, title: "Types are right ten times", metric } });
  const keyResult = addKeyResult?.keyResult;
  assert.ok(keyResult);
  const { checkIn } = await ask(keyframe.SayDocument, { input: { keyResult: keyResult.id, value: 4, confidence: 0.9 } });
  assert.equal(checkIn?.keyResult?.progress.value, 0.4);

  const { now, asOf } = await ask(keyframe.MomentsDocument, { id: objective.id, position });
  assert.deepEqual(now?.keyResults.map((one) => one.current), [4]);
  assert.deepEqual(asOf.then?.keyResults, []);
  assert.equal(asOf.then?.entityId, now?.id);
  const when: Scalars["DateTime"]["output"] = asOf.basis.at;
  assert.ok(Date.parse(when) <= Date.now() + 1000);
});

test("every member of a union of changes is identified by its type", async () => {
  const { changes } = await ask(keyframe.HappenedDocument, { cycle: await activeCycle() });
  assert.ok(changes.nodes.length > 0);
  for (const change of changes.nodes) assert.ok(describe(change).length > 0);
});

test("what is refused is typed, too", async () => {
  const input: keyframe.SayMutationVariables["input"] = { keyResult: "bm90aGluZw", value: 1 };
  const { checkIn } = await ask(keyframe.SayDocument, { input });
  const code: keyframe.ProblemCode | undefined = checkIn?.problems[0]?.code;
  assert.equal(code, "INVALID");
});

/** The demo's cycle that goes on now. */
async function activeCycle(): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...authorization, "content-type": "application/json" },
    body: JSON.stringify({ query: "{ cycles(filter: {state: ACTIVE}) { nodes { key objectives { totalCount } } } }" }),
  });
  const { data } = (await response.json()) as Answer<{ cycles: { nodes: { key: string; objectives: { totalCount: number } }[] } }>;
  const [most] = (data?.cycles.nodes ?? []).toSorted((one, other) => other.objectives.totalCount - one.objectives.totalCount);
  assert.ok(most);
  return most.key;
}
