// What people record in the console in Chromium: comments, initiatives, check-ins, scores, closings and readings.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { answered, base, closeAll, noComplaints, overflows, percent, serious, signedIn, start, stop } from "./browser.mjs";
import { ask, cycleOf, tell, token } from "./keyframe.mjs";

const member = process.env.KEYFRAME_MEMBER_TOKEN;

let me;
let cycle;
let foreign;
before(async () => {
  await start();
  const { person } = await ask('{ person(by: {handle: "leila"}) { id } }');
  me = person.id;
  cycle = await cycleOf();
  foreign = (await drafted("Belongs to another person", null)).objective;
  await tell("activateCycle", { cycle: { key: cycle.key } });
});
after(stop);
afterEach(closeAll);

/** A new objective of a person, with a key result from 0 to 100. */
async function drafted(title, owner = me, given = {}) {
  const { objective } = await tell("draftObjective", { cycle: { key: cycle.key }, title: `${title} ${Date.now()}`, owner, ...given }, "objective { id title }");
  const metric = { direction: "INCREASE", start: 0, target: 100 };
  const { keyResult } = await tell("addKeyResult", { objective: objective.id, title: `It is measured ${Date.now()}`, metric }, "keyResult { id title }");
  return { objective, keyResult };
}

/** The same, committed. */
async function active(title, owner = me, given = {}) {
  const made = await drafted(title, owner, given);
  await tell("commitObjective", { objective: made.objective.id });
  return made;
}

async function pageOf({ id }, secret = member, options = {}) {
  const opened = await signedIn(secret, options);
  await opened.goto(`${base}/objective/${id}${options.address ?? ""}`);
  await opened.getByRole("heading", { name: /^History/ }).waitFor();
  return opened;
}

test("a comment is shown with its Markdown and without HTML, and appears in another window", async () => {
  const { objective } = await active("Say something");
  const mine = await pageOf(objective);
  const watching = await pageOf(objective, token);
  await mine.getByRole("textbox", { name: "Comment" }).fill("**Good** <img src=x> [here](javascript:alert(1))");
  await mine.getByRole("button", { name: "Comment", exact: true }).click();
  for (const opened of [mine, watching]) {
    const said = opened.locator("figure.said:not(.pending)");
    await said.waitFor();
    assert.equal(await said.locator("b").innerText(), "Good");
    assert.equal(await said.locator("img, a").count(), 0);
    noComplaints(opened);
  }
  assert.equal(await mine.getByRole("textbox", { name: "Comment" }).inputValue(), "");
});

test("a refused comment stays in its field, with the reason beside it", async () => {
  const { objective } = await active("Refuse something");
  const opened = await pageOf(objective);
  const field = opened.getByRole("textbox", { name: "Comment" });
  await field.fill("a\u0007b");
  await opened.getByRole("button", { name: "Comment", exact: true }).click();
  await opened.getByRole("alert").waitFor();
  assert.equal(await field.inputValue(), "a\u0007b");
  assert.equal(await opened.locator("figure.said").count(), 0);
});

test("an initiative is added to the board and moved, which another window shows", async () => {
  const { objective, keyResult } = await active("Do something");
  const mine = await pageOf(objective);
  const watching = await pageOf(objective, token);
  await mine.getByRole("button", { name: "Add an initiative" }).click();
  await mine.getByLabel("What is to be done").fill("Call them");
  await mine.getByLabel("For", { exact: true }).selectOption(keyResult.id);
  await mine.getByRole("button", { name: "Add", exact: true }).click();
  await watching.getByRole("region", { name: "To do" }).getByText("Call them").waitFor();
  await mine.getByLabel("State of Call them").selectOption("DOING");
  const card = watching.getByRole("region", { name: "In progress" }).locator(".initiative");
  await card.waitFor();
  assert.match(await card.innerText(), new RegExp(`for ${keyResult.title}`));
  noComplaints(mine);
});

test("a card that may not be moved goes back to its column, with the reason", async () => {
  const { objective } = await active("Keep something");
  await tell("planInitiative", { subject: objective.id, title: "Stay here" });
  const opened = await pageOf(objective);
  await opened.route("**/graphql", async (route) => {
    if (!(route.request().postData() ?? "").includes('"MoveInitiative"')) return route.fallback();
    await tell("assignObjective", { objective: objective.id, owner: null }); // while the card is dragged
    return route.continue();
  });
  await opened.getByLabel("State of Stay here").selectOption("DONE");
  await opened.getByRole("region", { name: "To do" }).getByText("Stay here").waitFor();
  const { objective: now } = await ask(`{ objective(id: "${objective.id}") { initiatives { state } } }`);
  assert.equal(now.initiatives[0].state, "TODO");
  await opened.getByLabel("State of Stay here").waitFor({ state: "detached" }); // no more the member's own
});

test("forms are offered to those who may record alone, and never in the past", async () => {
  const opened = await pageOf(foreign);
  assert.equal(await opened.locator("main form, main .initiative select, .acts, .closing").count(), 0);
  const { objective } = await active("Look back on something");
  const past = await pageOf(objective, token, { address: `?at=${new Date().toISOString()}` });
  assert.equal(await past.locator("main form, .acts, .closing").count(), 0);
});

test("a check-in is recorded on the page of an objective, and told in its history", async () => {
  const { objective, keyResult } = await active("Measure something");
  const opened = await pageOf(objective);
  await opened.getByRole("button", { name: "Check in" }).click();
  await opened.getByLabel(/Value now/).fill("much");
  await opened.locator("form").getByRole("button", { name: "Check in" }).click();
  assert.match(await opened.getByRole("alert").innerText(), /number/);
  await opened.getByLabel(/Value now/).fill("30");
  await opened.getByLabel("Note").fill("They *like* it");
  await opened.locator("form").getByRole("button", { name: "Check in" }).click();
  await opened.getByText("Recorded.").waitFor();
  const { keyResult: now } = await ask(`{ keyResult(by: {id: "${keyResult.id}"}) { current } }`);
  assert.equal(now.current, 30);
  const line = opened.locator(".change").filter({ hasText: "checked in" }).first();
  await line.waitFor();
  assert.match(await line.innerText(), new RegExp(`checked in ${keyResult.title}[^]*They like it[^]*30 %`));
});

test("the history tells who moved a target, why, and what it did to progress", async () => {
  const { objective, keyResult } = await active("Move a target");
  await tell("checkIn", { keyResult: keyResult.id, value: 50 });
  await tell("retargetKeyResult", { keyResult: keyResult.id, metric: { direction: "INCREASE", start: 0, target: 200 }, reason: "The market is larger" });
  const opened = await pageOf(objective);
  await opened.getByRole("button", { name: /^Targets and scope/ }).click();
  const line = opened.locator(".change").filter({ hasText: "moved the target" });
  assert.match(await line.innerText(), /Target 100 → 200[^]*The market is larger[^]*50 % → 25 %/);
  await opened.getByRole("button", { name: /^Moved progress/ }).click();
  for (const one of await opened.locator(".change").all()) assert.equal(await one.locator(".delta").count(), 1);
});

test("a key result is scored and its objective closed, with what was learnt", async () => {
  const { objective, keyResult } = await active("End something");
  const opened = await pageOf(objective, member, { address: "#close" });
  await opened.getByRole("button", { name: "Score", exact: true }).click();
  await opened.getByLabel("Score in %").fill("140");
  await opened.locator("form.check-in").getByRole("button", { name: "Score" }).click();
  assert.match(await opened.getByRole("alert").innerText(), /0 to 100/);
  await opened.getByLabel("Score in %").fill("72");
  await opened.locator("form.check-in").getByRole("button", { name: "Score" }).click();
  await opened.locator(".score-line").getByText("scored 72 %").waitFor();
  await opened.getByLabel("What did you learn?").fill("Start earlier");
  await opened.getByRole("button", { name: "Close the objective" }).click();
  await opened.locator(".outcome").waitFor();
  assert.match(await opened.locator(".outcome").innerText(), /72 %[^]*Start earlier/);
  const { objective: now } = await ask(`{ objective(id: "${objective.id}") { state outcome { score reflection } } }`);
  assert.deepEqual([now.state, now.outcome.score, now.outcome.reflection], ["CLOSED", 0.72, "Start earlier"]);
  assert.equal(await opened.locator(".acts, .closing").count(), 0);
  assert.ok(keyResult.id);
});

test("a due reading is recorded in my week, and corrected with a reason on the page of its KPI", async () => {
  const key = `by-hand-${Date.now()}`;
  const { kpi } = await tell("defineKpi", { key, name: `Read by hand ${key}`, unit: { kind: "NUMBER", symbol: "calls" }, cadence: "DAILY", owner: me }, "kpi { id name }");
  const opened = await signedIn(member);
  await opened.goto(`${base}/week`);
  const item = opened.locator(".attention").filter({ hasText: kpi.name });
  await item.getByRole("button", { name: "Record a reading" }).click();
  await item.getByLabel(/^Value/).fill("12");
  const recorded = answered(opened, "RecordReading");
  await item.getByRole("button", { name: "Record" }).click();
  await (await recorded).finished();
  await opened.goto(`${base}/kpi/${kpi.id}`);
  await opened.locator(".readings").getByText("12 calls").waitFor();
  await opened.getByRole("button", { name: /^Correct the reading/ }).click();
  await opened.getByLabel(/^Right value/).fill("13");
  await opened.getByLabel("Why").fill("Miscounted");
  await opened.getByRole("button", { name: "Correct it" }).click();
  await opened.locator(".readings").getByText("13 calls").waitFor();
  const { kpi: now } = await ask(`{ kpi(by: {key: "${key}"}) { readings(first: 5) { nodes { value corrects { value } } } } }`);
  assert.deepEqual(now.readings.nodes, [{ value: 13, corrects: { value: 12 } }]);
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("goals of a cycle that ends lead to the form that closes them", async () => {
  const { objective } = await active("Close something soon");
  const ends = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  await tell("rescheduleCycle", { cycle: { key: cycle.key }, endsOn: ends, reason: "Sooner" });
  const opened = await signedIn(member);
  await opened.goto(`${base}/week`);
  await opened.getByRole("link", { name: `Score and close ${objective.title}` }).click();
  await opened.getByRole("button", { name: "Close the objective" }).waitFor();
});

test("the burn-up ends at the progress of now, beside the planned one", async () => {
  const opened = await signedIn(token);
  const { cycles } = await ask("{ cycles(first: 100) { nodes { key progress { value expected } } } }");
  const quarter = cycles.nodes.find(({ key }) => /-q4$/.test(key));
  await opened.goto(`${base}/?cycle=${quarter.key}`);
  const legend = opened.locator(".burn-up figcaption");
  await legend.waitFor();
  assert.match(await legend.innerText(), new RegExp(`actual ${percent(quarter.progress.value)}[^]*planned ${percent(quarter.progress.expected)}[^]*now[^]*confidence \\d+ %`));
});

test("on a phone, goals are filtered by team, owner, label, health and words, and sorted", async () => {
  const label = `label-${Date.now()}`;
  const { cycles } = await ask("{ cycles(first: 100) { nodes { key objectives(first: 100, filter: {state: [ACTIVE]}) { nodes { id title labels team { name } owner { name } progress { health } } } } } }");
  const quarter = cycles.nodes.find(({ key }) => /-q4$/.test(key));
  const goals = quarter.objectives.nodes;
  const [goal] = goals.filter(({ team, owner }) => team && owner);
  await tell("setLabels", { subject: goal.id, labels: [...goal.labels, label] });
  const opened = await signedIn(token, { width: 390, height: 844 });
  await opened.goto(`${base}/?cycle=${quarter.key}`);
  await opened.locator("article.objective").first().waitFor();
  const titles = () => opened.locator("article.objective h3").allTextContents(); // also of those that are not laid out yet
  const choose = async (name, value) => {
    await opened.getByRole("combobox", { name }).selectOption(value);
    return titles();
  };
  const of = (holds) => goals.filter(holds).map(({ title }) => title).sort();
  assert.deepEqual((await choose("Team", goal.team.name)).sort(), of(({ team }) => team?.name === goal.team.name));
  await choose("Team", "");
  assert.deepEqual((await choose("Owner", goal.owner.name)).sort(), of(({ owner }) => owner?.name === goal.owner.name));
  await choose("Owner", "");
  assert.deepEqual(await choose("Label", label), [goal.title]);
  await choose("Label", "");
  const sorted = await choose("Order", "title");
  assert.deepEqual(sorted, sorted.toSorted((one, other) => one.localeCompare(other)));
  await opened.getByRole("button", { name: /At risk/ }).click();
  assert.deepEqual((await titles()).sort(), of(({ progress }) => progress.health === "AT_RISK"));
  assert.equal(await overflows(opened), false);
});

test("what is private to a team is on no page of these for others", async () => {
  const { teams } = await ask('{ teams(first: 50) { nodes { id key } } }');
  const secret = await active("A secret", null, { team: teams.nodes.find(({ key }) => key === "backbone").id, visibility: "TEAM" });
  const key = `linked-${Date.now()}`;
  const { kpi } = await tell("defineKpi", { key, name: key, unit: { kind: "NUMBER", symbol: "" }, cadence: "DAILY", owner: me }, "kpi { id }");
  await tell("linkKpi", { keyResult: secret.keyResult.id, kpi: { id: kpi.id } });
  const other = await signedIn(member);
  await other.goto(`${base}/objective/${secret.objective.id}`);
  await other.getByText("There is no such objective").waitFor();
  await other.goto(`${base}/kpi/${kpi.id}`);
  await other.getByRole("heading", { name: /^Readings/ }).waitFor();
  assert.doesNotMatch(await other.locator("main").innerText(), /A secret|It is measured/);
  const lead = await pageOf(secret.objective, token);
  await lead.getByRole("textbox", { name: "Comment" }).fill("Keep it");
  await lead.getByRole("button", { name: "Comment", exact: true }).click();
  await lead.locator("figure.said:not(.pending)").waitFor();
  await other.goto(`${base}/changes`);
  await other.locator(".team, .state").first().waitFor();
  assert.doesNotMatch(await other.locator("main").innerText(), /A secret/);
});

for (const [width, height, colorScheme] of [[390, 844, "light"], [1280, 800, "dark"], [2560, 1440, "light"]]) {
  test(`the page of an objective fits ${width} px, ${colorScheme}, with its forms open`, async () => {
    const { objective } = await active("Fit a window");
    await tell("planInitiative", { subject: objective.id, title: "Measure the window" });
    await tell("addComment", { subject: objective.id, body: "It is **wide**" });
    const opened = await pageOf(objective, member, { width, height, colorScheme, reducedMotion: "reduce", address: "#close" });
    await opened.getByRole("button", { name: "Check in" }).click();
    await opened.getByRole("button", { name: "Add an initiative" }).click();
    assert.equal(await overflows(opened), false);
    assert.deepEqual(await serious(opened), []);
    noComplaints(opened);
  });
}
