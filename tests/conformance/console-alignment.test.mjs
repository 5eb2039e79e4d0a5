// The alignment of the console in Chromium: a tree that shows what the API answers, folds, and hides what is private.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { base, closeAll, noComplaints, overflows, percent, serious, signedIn, start, stop } from "./browser.mjs";
import { ask, draft, tell, token } from "./keyframe.mjs";

const member = process.env.KEYFRAME_MEMBER_TOKEN;
const STATES = "state: [DRAFT, ACTIVE, CLOSED]";

let among;
let quarter;
before(async () => {
  await start();
  const { cycles } = await ask("{ cycles(first: 100) { nodes { key state startsOn endsOn } } }");
  const days = ({ startsOn, endsOn }) => Date.parse(endsOn) - Date.parse(startsOn);
  [quarter] = cycles.nodes.filter(({ state }) => state === "ACTIVE").sort((one, other) => days(one) - days(other));
  quarter = cycles.nodes.find(({ key }) => /-q4$/.test(key)) ?? quarter; // of the demo, whatever other tests opened
  const overlapping = cycles.nodes.filter((one) => one.startsOn <= quarter.endsOn && one.endsOn >= quarter.startsOn);
  among = `cycles: [${overlapping.map(({ key }) => `{key: "${key}"}`).join(", ")}]`;
});
after(stop);
afterEach(closeAll);

async function tree(secret, { path = "", ...options } = {}) {
  const opened = await signedIn(secret, options);
  await opened.goto(`${base}/alignment?cycle=${quarter.key}${path}`);
  await opened.getByRole("treeitem").first().waitFor();
  return opened;
}

/** The titles and figures of the items of a level. */
const shown = (items) => items.evaluateAll((all) => all.map((one) => ["a", ".share"].map((part) => one.querySelector(`:scope > .leaf ${part}`).textContent)));

test("the tops of the tree are the goals that support nothing, each with its progress", async () => {
  const opened = await tree(token);
  const query = `objectives(first: 50, filter: {${among}, aligned: false, ${STATES}}) { nodes { title progress { value } } }`;
  const { objectives } = await ask(`{ ${query} }`);
  const expected = objectives.nodes.map(({ title, progress }) => [title, percent(progress.value)]);
  assert.deepEqual((await shown(opened.locator('[role="tree"] > li'))).sort(), expected.sort());
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("a goal is unfolded to its key results that are supported, and to the goals that support it", async () => {
  const opened = await tree(token);
  await opened.getByRole("button", { name: "Fold all" }).click();
  const top = opened.locator('[role="tree"] > li').first();
  const title = await top.locator("a").first().innerText();
  const level = `supportedBy(first: 50, filter: {${among}, ${STATES}}) { nodes { title } }`;
  const { objectives } = await ask(`query ($title: String!) { objectives(first: 5, filter: {search: $title}) { nodes { title ${level} keyResults { title ${level} } } } }`, { title });
  const goal = objectives.nodes.find((one) => one.title === title);
  await top.locator(".fold").first().click();
  await top.locator(":scope > ul [role=treeitem]").first().waitFor();
  const inside = await top.locator(":scope > ul > li > .leaf .leaf-title > :nth-child(2)").allInnerTexts();
  const through = goal.keyResults.filter(({ supportedBy }) => supportedBy.nodes.length > 0).map((one) => one.title);
  assert.deepEqual(inside, [...through, ...goal.supportedBy.nodes.map((one) => one.title)]);
});

test("arrow keys move in the tree, unfold and fold; Enter opens the goal", async () => {
  const opened = await tree(token);
  await opened.getByRole("button", { name: "Fold all" }).click();
  const focused = () => opened.evaluate(() => [document.activeElement.ariaLevel, document.activeElement.ariaExpanded]);
  await opened.getByRole("treeitem").first().focus();
  assert.deepEqual(await focused(), ["1", "false"]);
  await opened.keyboard.press("ArrowRight");
  await opened.locator('[role="group"] [role="treeitem"]').first().waitFor();
  assert.deepEqual(await focused(), ["1", "true"]);
  await opened.keyboard.press("ArrowRight");
  assert.equal((await focused())[0], "2");
  await opened.keyboard.press("ArrowLeft");
  if ((await focused())[0] === "2") await opened.keyboard.press("ArrowLeft"); // a key result was folded first
  await opened.keyboard.press("ArrowLeft");
  assert.deepEqual(await focused(), ["1", "false"]);
  await opened.keyboard.press("End");
  await opened.keyboard.press("Home");
  const title = await opened.evaluate(() => document.activeElement.querySelector("a").textContent);
  await opened.keyboard.press("Enter");
  await opened.getByRole("heading", { level: 1, name: title }).waitFor();
});

test("the tree shows any moment, as asOf answers it", async () => {
  const at = new Date(Date.parse(quarter.startsOn) + 25 * 86_400_000).toISOString();
  const opened = await tree(token, { path: `&at=${at}` });
  const query = `objectives(first: 50, filter: {${among}, aligned: false, ${STATES}}) { nodes { title progress { value } } }`;
  const { asOf } = await ask(`{ asOf(at: "${at}") { ${query} } }`);
  const expected = asOf.objectives.nodes.map(({ title, progress }) => [title, percent(progress.value)]);
  assert.deepEqual((await shown(opened.locator('[role="tree"] > li'))).sort(), expected.sort());
});

test("the tree of a team has its goals at the top, and names what they support", async () => {
  const opened = await tree(token, { path: "&team=growth" });
  const { objectives } = await ask(`{ objectives(first: 50, filter: {${among}, team: {key: "growth"}, ${STATES}}) { nodes { title supports { ... on Objective { title } ... on KeyResult { title } } } } }`);
  const tops = await opened.locator('[role="tree"] > li > .leaf a').allInnerTexts();
  assert.ok(tops.length > 0);
  for (const top of tops) {
    const { supports } = objectives.nodes.find(({ title }) => title === top);
    const above = await opened.locator('[role="tree"] > li').filter({ hasText: top }).first().locator(".above").innerText();
    for (const { title } of supports) assert.ok(above.includes(title));
  }
});

test("what is private to a team is neither in the tree of others nor counted", async () => {
  const { teams, objectives } = await ask(`{ teams(first: 50) { nodes { id key } } objectives(first: 1, filter: {${among}, aligned: false, ${STATES}, search: "dependable"}) { nodes { id title } } }`);
  const [top] = objectives.nodes;
  const title = `A hidden goal ${Date.now()}`;
  const hidden = await tell("draftObjective", { cycle: { key: quarter.key }, title, team: teams.nodes.find(({ key }) => key === "backbone").id, visibility: "TEAM" }, "objective { id }");
  await tell("alignObjective", { objective: hidden.objective.id, to: top.id });
  const counted = async (secret) => {
    const opened = await tree(secret);
    const item = opened.locator('[role="tree"] > li').filter({ hasText: top.title }).first();
    await item.locator(":scope > ul [role=treeitem]").first().waitFor();
    const count = Number(await item.locator(":scope > .leaf .fold").innerText());
    const sees = (await opened.locator("main").innerText()).includes(title);
    noComplaints(opened);
    return [count, sees];
  };
  const [count, sees] = await counted(token);
  assert.equal(sees, true);
  const hiddenToo = await ask(`{ objective(id: "${top.id}") { supportedBy(first: 100, filter: {${among}, ${STATES}}) { nodes { visibility } } } }`); // of earlier tests
  const others = hiddenToo.objective.supportedBy.nodes.filter(({ visibility }) => visibility === "TEAM").length;
  assert.ok(others > 0);
  assert.deepEqual(await counted(member), [count - others, false]);
});

test("a new alignment appears in a window that is open", async () => {
  const opened = await tree(member);
  const { objectives } = await ask(`{ objectives(first: 1, filter: {${among}, aligned: false, ${STATES}, search: "dependable"}) { nodes { id } } }`);
  const title = `A goal that joins ${Date.now()}`;
  await tell("alignObjective", { objective: await draft(quarter.key, title), to: objectives.nodes[0].id });
  await opened.locator('[role="group"]').getByRole("link", { name: title }).waitFor();
});

for (const [width, height, colorScheme] of [[390, 844, "dark"], [1280, 800, "light"], [2560, 1440, "dark"]]) {
  test(`the tree fits ${width} px, ${colorScheme}, unfolded by two levels`, async () => {
    const opened = await tree(member, { width, height, colorScheme, reducedMotion: "reduce" });
    for (let level = 0; level < 2; level += 1) {
      await opened.getByRole("button", { name: "Unfold a level" }).click();
      await opened.waitForFunction(() => !document.querySelector(".leaf-loading"));
    }
    assert.equal(await overflows(opened), false);
    assert.deepEqual(await serious(opened), []);
    noComplaints(opened);
  });
}
