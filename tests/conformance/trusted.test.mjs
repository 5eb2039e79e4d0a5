// Documents that were agreed on beforehand: Relay's compiler writes the manifest, the server answers nothing else.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import relay from "relay-runtime";
import { environment } from "./clients/relay.mjs";
import { answer, cycleOf, head, headers, liveUrl, restart, url, within } from "./keyframe.mjs";

const { commitMutation, fetchQuery, requestSubscription } = relay;
const require = createRequire(import.meta.url);
const compiled = (name) => require(`./build/trusted/documents${name}.graphql`);

let cycle, client, position;
before(async () => {
  cycle = await cycleOf(["Asked by nothing but its name"]);
  position = await head();
  await restart("kindly", { KEYFRAME_TRUSTED_DOCUMENTS: resolve("build/trusted.json"), KEYFRAME_TRUSTED_ONLY: "true" });
  client = environment(url, liveUrl, headers);
});
after(() => restart());

test("what the compiler made names its document, and does not hold it", () => {
  const { params } = compiled("PageQuery");
  assert.match(params.id, /^[0-9a-f]{64}$/);
  assert.equal(params.text, null);
});

test("a query and a mutation are asked by their names", async () => {
  const page = await fetchQuery(client, compiled("PageQuery"), { cycle: cycle.key }).toPromise();
  assert.equal(page.cycle.id, cycle.id);
  const variables = { input: { objective: cycle.objectives[0], title: "Reworded by nothing but its name" } };
  const response = await new Promise((onCompleted, onError) => {
    commitMutation(client, { mutation: compiled("RewordMutation"), variables, onCompleted, onError });
  });
  assert.deepEqual(response.rewordObjective.problems, []);
});

test("a subscription is asked by its name", () =>
  within(20, new Promise((resolve, reject) => {
    const { dispose } = requestSubscription(client, {
      subscription: compiled("FollowSubscription"),
      variables: { after: position },
      onError: reject,
      onNext({ changes }) {
        assert.equal(changes.position, position + 1);
        dispose();
        resolve();
      },
    });
  })));

test("nothing else is answered", async () => {
  const { data, errors } = await answer("{ basis { position } }");
  assert.equal(data, undefined);
  assert.equal(errors[0].extensions.code, "DOCUMENT_NOT_TRUSTED");
});
