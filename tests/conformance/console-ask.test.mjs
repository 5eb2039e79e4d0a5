// The query editor in Chromium: completion, marks, answers, subscriptions, and who asks.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { base, closeAll, noComplaints, overflows, page, serious, signedIn, start, stop } from "./browser.mjs";
import { ask, head, tell, token } from "./keyframe.mjs";

const member = process.env.KEYFRAME_MEMBER_TOKEN;
const AT = "2000-01-01T00:00:00Z";

before(start);
after(stop);
afterEach(closeAll);

const field = (opened, name = "Document") => opened.getByRole("textbox", { name, exact: true });
const state = (opened) => opened.locator(".ask-state");
/** The answer that is shown, once there is one: the editor shows it a moment after the state says how long it took. */
async function answer(opened) {
  const shown = await opened.waitForFunction(() => {
    const root = document.querySelector(".ask-answer .editor").shadowRoot;
    const text = [...root.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n");
    return text.startsWith("{") ? text : null;
  });
  return JSON.parse(await shown.jsonValue());
}

/** The editor, once the schema is loaded: a wrong field has a mark then. */
async function editor(opened, query = "") {
  await opened.goto(`${base}/graphql${query}`);
  await field(opened).waitFor();
  await write(opened, "{ nope }");
  await opened.locator(".cm-lintRange-error").first().waitFor();
  return opened;
}

/** Replace the text of an editor by one in which | is the cursor. */
async function write(opened, text, name) {
  const [before_, after_ = ""] = text.split("|");
  await field(opened, name).focus();
  await opened.keyboard.press("ControlOrMeta+a");
  await opened.keyboard.press("Delete");
  await opened.keyboard.insertText(before_ + after_);
  for (let step = 0; step < after_.length; step += 1) await opened.keyboard.press("ArrowLeft");
}

/** Run the document, and wait until its answer is shown in place of the one before. */
async function run(opened, text) {
  if (text !== undefined) await write(opened, text);
  const answered = opened.waitForResponse((one) => new URL(one.url()).pathname === "/graphql" && one.request().method() === "POST");
  await opened.keyboard.press("ControlOrMeta+Enter");
  await (await answered).finished();
  await opened.waitForFunction(() => /\d+ ms/.test(document.querySelector(".ask-state").textContent));
  await opened.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
}

/** What is offered at the cursor of a text. */
async function offered(opened, text) {
  await opened.keyboard.press("Escape");
  await write(opened, text);
  await opened.keyboard.press("Escape");
  await opened.keyboard.press("Control+Space");
  await opened.locator(".cm-tooltip-autocomplete li").first().waitFor();
  return opened.locator(".cm-tooltip-autocomplete .cm-completionLabel").allInnerTexts();
}

/** Take what is offered first. Keys that come at once are taken as typing on. */
async function accept(opened) {
  await opened.waitForTimeout(150);
  await opened.keyboard.press("Enter");
}

const textOf = (opened) => opened.evaluate(() => [...document.querySelector(".ask-document").shadowRoot.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"));

// ── completion ───────────────────────────────────────────────────────────────────────────────────

test("completion offers the fields of a filter inside its braces, and then what their values may be", async () => {
  const opened = await editor(await signedIn(token));
  const { __type } = await ask('{ __type(name: "CycleFilter") { inputFields { name } } }');
  const found = await offered(opened, "{ cycles(filter: {|}) { totalCount } }");
  assert.deepEqual(found.filter((name) => !__type.inputFields.some((one) => one.name === name)), []);
  assert.ok(["states", "startsOn", "search"].every((name) => found.includes(name)), found.join());
  assert.equal(found.includes("cycles"), false);
  await accept(opened); // states
  await opened.getByText("PLANNING").first().waitFor();
  assert.match(await textOf(opened), /filter: \{states: \[\]\}/);
  noComplaints(opened);
});

test("completion offers the types of a fragment's condition", async () => {
  const opened = await editor(await signedIn(token));
  const [first] = await offered(opened, '{ node(id: "x") { ... on Ob|} }');
  assert.equal(first, "Objective");
  await accept(opened);
  assert.equal(await textOf(opened), '{ node(id: "x") { ... on Objective} }');
});

test("completion offers the values of an enum inside an argument, in lists, too", async () => {
  const opened = await editor(await signedIn(token));
  const steps = await offered(opened, '{ cycle(by: {key: "q"}) { progressOverTime(every: |) { at } } }');
  assert.deepEqual(steps.slice(0, 3), ["DAY", "WEEK", "BIWEEKLY"]);
  assert.deepEqual((await offered(opened, "{ cycles(filter: {states: [|]}) { totalCount } }")).toSorted(), ["ABANDONED", "ACTIVE", "CLOSED", "PLANNING"]);
});

test("completion offers the variables that fit after a dollar sign, and inserts one sign", async () => {
  const opened = await editor(await signedIn(token));
  assert.deepEqual(await offered(opened, "query Q($at: DateTime, $id: ID!) { asOf(at: $|) { basis { at } } }"), ["$at"]);
  await accept(opened);
  assert.match(await textOf(opened), /asOf\(at: \$at\)/);
});

test("completion offers the fragments that fit after three dots", async () => {
  const opened = await editor(await signedIn(token));
  const text = "{ cycles { nodes { ...|} } }\nfragment Dates on Cycle { startsOn }\nfragment Who on Person { name }";
  assert.deepEqual(await offered(opened, text), ["Dates"]);
  await accept(opened);
  assert.match(await textOf(opened), /nodes \{ \.\.\.Dates\}/);
});

test("completion offers the declared variables in the editor of their values", async () => {
  const opened = await editor(await signedIn(token));
  await write(opened, "query Q($cycle: String!) { cycle(by: {key: $cycle}) { name } }");
  await write(opened, "{|}", "Variables as JSON");
  await opened.keyboard.press("Control+Space");
  await opened.locator(".cm-tooltip-autocomplete li").first().waitFor();
  assert.deepEqual(await opened.locator(".cm-tooltip-autocomplete .cm-completionLabel").allInnerTexts(), ['"cycle"']);
});

test("completion opens by itself while one types, and not in a text or a comment", async () => {
  const opened = await editor(await signedIn(token));
  await write(opened, "");
  await opened.keyboard.type("{ cycles(", { delay: 20 });
  await opened.locator(".cm-tooltip-autocomplete").waitFor();
  await opened.keyboard.press("Escape");
  await write(opened, '{ cycle(by: {key: "|"}) { name } }');
  await opened.keyboard.type("cyc", { delay: 20 });
  await opened.keyboard.press("Control+Space");
  await opened.waitForTimeout(300);
  assert.equal(await opened.locator(".cm-tooltip-autocomplete").count(), 0);
});

test("a wrong field is marked while one types, with what the schema says", async () => {
  const opened = await editor(await signedIn(token));
  await write(opened, "{ cycles { nodes { name } } }");
  await opened.waitForFunction(() => document.querySelector(".ask-document").shadowRoot.querySelectorAll(".cm-lintRange-error").length === 0);
  await write(opened, "{ cycles { nodes { nme } } }");
  await opened.locator(".cm-lintRange-error").hover();
  await opened.locator(".cm-diagnostic").getByText(/Cannot query field "nme"/).waitFor();
  noComplaints(opened);
});

// ── answers ──────────────────────────────────────────────────────────────────────────────────────

test("an answer is shown with its status, time and cost, and the session asks", async () => {
  const opened = await editor(await signedIn(token));
  await run(opened, "{ basis { position } viewer { handle roles } }");
  const { viewer } = await ask("{ viewer { handle roles } }");
  assert.deepEqual((await answer(opened)).data.viewer, viewer);
  assert.match(await state(opened).innerText(), /^200 · \d+ ms · cost [\d,]+ of [\d,]+$/);
  noComplaints(opened);
});

test("errors are listed above the answer, with their place in the document", async () => {
  const opened = await editor(await signedIn(token));
  await run(opened, "{\n  cycles {\n    nope\n  }\n}");
  const fault = opened.getByRole("alert");
  assert.match(await fault.innerText(), /GRAPHQL_VALIDATION_FAILED Cannot query field 'nope'/);
  await fault.getByRole("button", { name: "line 3" }).click();
  await opened.keyboard.type("x");
  assert.match(await textOf(opened), /^ {4}xnope$/m);
  await run(opened, "{ cycles { ");
  assert.match(await opened.getByRole("alert").innerText(), /Syntax Error/);
});

test("variables that are no JSON are not sent, and the reason is shown", async () => {
  const opened = await editor(await signedIn(token));
  await write(opened, "query Q($cycle: String!) { cycle(by: {key: $cycle}) { name } }");
  for (const [text, reason] of [["{cycle", /Variables: /], ["[1]", /Variables: write a JSON object/]]) {
    await write(opened, text, "Variables as JSON");
    await opened.keyboard.press("ControlOrMeta+Enter");
    assert.match(await state(opened).innerText(), reason);
  }
  const { cycles } = await ask("{ cycles(first: 1) { nodes { key name } } }");
  await write(opened, JSON.stringify({ cycle: cycles.nodes[0].key }), "Variables as JSON");
  await run(opened);
  assert.equal((await answer(opened)).data.cycle.name, cycles.nodes[0].name);
});

test("the moment of the slider is the default of $at and $known, and Variables win", async () => {
  const opened = await editor(await signedIn(token));
  const days = await ask("{ cycles(first: 20) { nodes { startsOn state } } }");
  const at = new Date(Date.parse(days.cycles.nodes.find((one) => one.state === "ACTIVE").startsOn) + 20 * 86_400_000).toISOString();
  await editor(opened, `?at=${at}&known=then`);
  const text = "query Q($at: DateTime, $known: DateTime) { asOf(at: $at, known: $known) { basis { at position } } }";
  await run(opened, text);
  const known = await ask(`{ asOf(at: "${at}", known: "${at}") { basis { at position } } }`);
  assert.deepEqual((await answer(opened)).data.asOf.basis, known.asOf.basis);
  assert.match(await opened.locator(".ask-moment").innerText(), /from the slider/);
  await write(opened, `{"at": "${AT}", "known": null}`, "Variables as JSON");
  await run(opened);
  assert.equal((await answer(opened)).data.asOf.basis.at, AT);
});

test("of several operations the one at the cursor runs, or the one that is chosen", async () => {
  const opened = await editor(await signedIn(token));
  await write(opened, "query One { viewer { handle } }\nquery Two { basis { position } }");
  await run(opened);
  assert.deepEqual(Object.keys((await answer(opened)).data), ["basis"]);
  await opened.getByLabel("Operation").selectOption("One");
  await opened.getByRole("button", { name: "Run" }).click();
  await opened.waitForFunction(() => document.querySelector(".ask-answer .editor").shadowRoot.textContent.includes("viewer"));
});

test("a subscription shows each event until it is stopped", async () => {
  const opened = await editor(await signedIn(token));
  // The editor listens before the server does: from a position on, no event is missed.
  await write(opened, `subscription { changes(after: ${await head()}) { position } }`);
  await opened.keyboard.press("ControlOrMeta+Enter");
  await opened.getByText("listening").waitFor();
  const { position } = await tell("addPerson", { handle: `ask-${Date.now()}`, name: "Ask" });
  await opened.getByText("listening · 1 event").waitFor();
  assert.equal((await answer(opened)).data.changes.position, position);
  await opened.getByRole("button", { name: "Stop" }).click();
  assert.equal(await state(opened).innerText(), "stopped");
  await tell("addPerson", { handle: `ask-${Date.now()}`, name: "Ask" });
  await opened.waitForTimeout(300);
  assert.equal((await answer(opened)).data.changes.position, position);
  await write(opened, "subscription { nope }");
  await opened.keyboard.press("ControlOrMeta+Enter");
  await opened.getByText(/Cannot query field 'nope'/).first().waitFor();
  noComplaints(opened);
});

test("prettifying lays the document out, keeps its comments, and explains what is not valid", async () => {
  const opened = await editor(await signedIn(token));
  await write(opened, "{cycles{nodes{key}}}");
  await opened.getByRole("button", { name: "Prettify" }).click();
  assert.equal((await textOf(opened)).trimEnd(), "{\n  cycles {\n    nodes {\n      key\n    }\n  }\n}");
  await write(opened, "# mine\n{ cycles { totalCount } }");
  await opened.getByRole("button", { name: "Prettify" }).click();
  assert.match(await textOf(opened), /^# mine/);
  await write(opened, "{ cycles { ");
  await opened.getByRole("button", { name: "Prettify" }).click();
  assert.match(await state(opened).innerText(), /Syntax Error/);
});

test("the schema is looked up beside the editor", async () => {
  const opened = await editor(await signedIn(token));
  await opened.getByRole("button", { name: "Schema" }).click();
  const aside = opened.getByRole("complementary", { name: "Schema" });
  await aside.getByRole("searchbox").fill("CycleFilter");
  await aside.getByRole("button", { name: "CycleFilter", exact: true }).first().click();
  await aside.getByRole("heading", { name: "CycleFilter" }).waitFor();
  await aside.getByRole("button", { name: "[CycleState!]" }).click();
  await aside.getByText("ABANDONED", { exact: true }).waitFor();
  await aside.getByRole("button", { name: "CycleFilter", exact: true }).click();
  assert.ok((await aside.locator("dt").count()) > 5);
});

test("what was run is listed, opens again, outlives a look at another page, and is stored nowhere", async () => {
  const opened = await editor(await signedIn(token));
  await run(opened, "{ basis { position } }");
  await write(opened, "{ viewer { handle } }");
  await opened.getByRole("link", { name: "Quarter" }).click();
  await opened.getByRole("link", { name: "Ask" }).click();
  await field(opened).waitFor();
  assert.equal(await textOf(opened), "{ viewer { handle } }");
  await opened.getByRole("button", { name: "History" }).click();
  await opened.getByRole("complementary", { name: "History" }).getByRole("button").first().click();
  assert.equal(await textOf(opened), "{ basis { position } }");
  const stored = await opened.evaluate(() => [...Object.values({ ...localStorage }), ...Object.values({ ...sessionStorage })].join(" "));
  assert.doesNotMatch(stored, /basis|viewer/);
  await opened.getByRole("button", { name: "Sign out" }).click();
  await opened.waitForURL(/graphql|sign-in/);
  await opened.goto(`${base}/graphql`);
  await field(opened).waitFor();
  assert.doesNotMatch(await textOf(opened), /viewer/);
});

test("the link of a document opens it, and the server never sees it", async () => {
  const opened = await signedIn(token);
  const asked = [];
  opened.on("request", (request) => asked.push(request.url()));
  const document = "query Linked { basis { position } }";
  await opened.goto(`${base}/graphql#${new URLSearchParams({ document, variables: "{}" })}`);
  await field(opened).waitFor();
  assert.equal(await textOf(opened), document);
  assert.ok(!asked.some((url) => url.includes("Linked")));
});

// ── who asks ─────────────────────────────────────────────────────────────────────────────────────

test("a stranger gets the editor without data, and asks by a pasted token", async () => {
  const opened = await page();
  await opened.goto(`${base}/graphql`);
  await field(opened).waitFor();
  await write(opened, "{ viewer { roles } }");
  await opened.keyboard.press("ControlOrMeta+Enter");
  await opened.getByText(/^401/).waitFor();
  await opened.getByRole("textbox", { name: "Token" }).fill(member);
  await opened.getByRole("textbox", { name: "Token" }).press("Tab");
  await run(opened, "{ viewer { roles } }");
  assert.deepEqual((await answer(opened)).data.viewer.roles, ["MEMBER"]);
  await write(opened, "subscription { changes { position } }");
  await opened.keyboard.press("ControlOrMeta+Enter");
  await opened.getByText("listening").waitFor();
  assert.equal(await opened.evaluate(() => document.cookie + JSON.stringify({ ...localStorage })), "{}");
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("a token that is pasted beside a session asks as its owner, over WebSocket, too", async () => {
  const opened = await editor(await signedIn(token));
  await opened.getByRole("tab", { name: "Token and headers" }).click();
  await opened.getByRole("textbox", { name: "Token" }).fill(member);
  await run(opened, "{ viewer { roles } }");
  assert.deepEqual((await answer(opened)).data.viewer.roles, ["MEMBER"]);
  await opened.getByRole("textbox", { name: "Token" }).fill("kf_nonsense");
  await write(opened, "subscription { changes { position } }");
  await opened.keyboard.press("ControlOrMeta+Enter");
  await opened.getByText(/The server closed the connection: Forbidden/).waitFor();
});

test("what a role may not read stays hidden in the editor", async () => {
  const opened = await editor(await signedIn(member));
  await run(opened, "{ ledger { head { size } } }");
  assert.equal((await answer(opened)).errors[0].extensions.code, "FORBIDDEN");
  await run(opened, "{ ledger { inclusion(position: 1) { leaf } } }");
  assert.equal((await answer(opened)).data ?? null, null);
});

// ── hands and eyes ───────────────────────────────────────────────────────────────────────────────

test("Tab indents in the editor, and leaves it after Escape", async () => {
  const opened = await editor(await signedIn(token));
  await write(opened, "{ basis { at } }");
  const isInside = () => opened.evaluate(() => document.activeElement?.classList.contains("ask-document"));
  await opened.keyboard.press("Tab");
  assert.equal(await isInside(), true);
  await opened.keyboard.press("Escape");
  await opened.keyboard.press("Tab");
  assert.equal(await isInside(), false);
});

for (const [width, height, colorScheme] of [[390, 844, "dark"], [1280, 800, "light"], [2560, 1440, "dark"]]) {
  test(`the editor fits ${width} px, ${colorScheme}, and axe finds nothing serious`, async () => {
    const opened = await editor(await signedIn(member, { width, height, colorScheme, reducedMotion: "reduce" }));
    await run(opened, "{ cycles { nodes { key name nope } } }");
    await opened.getByRole("button", { name: "Schema" }).click();
    await opened.getByRole("complementary", { name: "Schema" }).getByText("query:").waitFor();
    assert.equal(await overflows(opened), false);
    assert.deepEqual(await serious(opened), []);
    noComplaints(opened);
  });
}
