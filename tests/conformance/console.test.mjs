// The console in Chromium: each page is opened and used, as two people with different sight.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { base, closeAll, noComplaints, overflows, page, percent, serious, signedIn, start, stop } from "./browser.mjs";
import { activeQuarter, ask, tell, token } from "./keyframe.mjs";

const member = process.env.KEYFRAME_MEMBER_TOKEN;

let quarter;
before(async () => {
  await start();
  quarter = await activeQuarter();
});
after(stop);
afterEach(closeAll);

const headline = (opened) => opened.locator(".headline-figure strong").first().innerText();

test("a stranger gets the sign-in alone, and a wrong token is explained beside its field", async () => {
  const opened = await page();
  await opened.goto(`${base}/week`);
  await opened.waitForURL(`${base}/sign-in?to=%2Fweek`);
  await opened.getByLabel("Your token").fill("nonsense");
  await opened.getByRole("button", { name: "Sign in" }).click();
  assert.match(await opened.getByRole("alert").innerText(), /not valid/);
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("a token becomes a session that scripts cannot read, and signing out ends it", async () => {
  const opened = await signedIn(token);
  assert.equal(await opened.evaluate(() => document.cookie), "");
  const [cookie] = await opened.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.name], [true, "Lax", `keyframe-${new URL(base).port}`]);
  await opened.getByRole("button", { name: "Sign out" }).click();
  await opened.waitForURL(`${base}/sign-in`);
  await opened.context().addCookies([cookie]);
  await opened.goto(`${base}/`);
  await opened.waitForURL(`${base}/sign-in`);
});

test("a session that ends leads to the sign-in, and from there back to what was open", async () => {
  const opened = await signedIn(token);
  await opened.getByRole("link", { name: "KPIs" }).click();
  await opened.getByRole("heading", { name: "KPIs" }).waitFor();
  await opened.evaluate(() => fetch("/sign-out", { method: "POST" }));
  await opened.getByText("Your session has ended").waitFor(); // the socket closes, so nobody needs to click
  assert.deepEqual(await serious(opened), []);
  await opened.getByLabel("Your token").fill(token);
  await opened.getByRole("button", { name: "Sign in" }).click();
  await opened.waitForURL(`${base}/kpis`);
  await opened.getByRole("heading", { name: "KPIs" }).waitFor();
});

test("an address that the server answers opens by one more click, and one that nobody answers is told", async () => {
  const opened = await signedIn(token);
  await opened.goto(`${base}/report/${quarter.key}`);
  await opened.getByRole("link", { name: "Open it" }).click();
  await opened.getByRole("heading", { name: quarter.name }).first().waitFor();
  await opened.goto(`${base}/nowhere`);
  await opened.getByRole("heading", { name: "There is no such page" }).waitFor();
  assert.deepEqual(await serious(opened), []);
});

test("the quarter shows what the API answers, and its filters are in the address", async () => {
  const opened = await signedIn(token);
  const { cycle } = await ask(`{ cycle(by: {key: "${quarter.key}"}) { progress { value } objectives(first: 100) { nodes { title } } } }`);
  assert.equal(await headline(opened), percent(cycle.progress.value));
  assert.equal(await opened.locator("article.objective").count(), cycle.objectives.nodes.length);
  const { title } = cycle.objectives.nodes[0];
  await opened.getByRole("searchbox").fill(title.toUpperCase());
  await opened.waitForFunction(() => document.querySelectorAll("article.objective").length === 1);
  await opened.reload();
  assert.equal(await opened.locator("article.objective h3").textContent(), title); // which need not be laid out yet
  noComplaints(opened);
});

test("an objective shows its key results, goalposts and history", async () => {
  const opened = await signedIn(token);
  await opened.locator("article.objective h3 a").first().click();
  await opened.waitForURL(/objective/);
  await opened.getByRole("heading", { name: "History" }).waitFor();
  assert.ok((await opened.locator(".key-result-card").count()) > 0);
  assert.ok((await opened.locator(".trajectory polyline.actual").count()) > 0);
  assert.ok((await opened.locator(".change").count()) > 3);
  assert.doesNotMatch(await opened.locator(".history").innerText(), /[A-Za-z0-9]{24,}/); // names, and no ids
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("what changed since a date: the cycle, what turned, and each team, before and after", async () => {
  const opened = await signedIn(token);
  await opened.getByRole("link", { name: "What changed" }).click();
  await opened.getByRole("button", { name: "A month ago" }).click();
  await opened.waitForURL(/since=month/);
  const since = new URL(opened.url()).searchParams.get("since");
  assert.equal(since, "month");
  await opened.locator(".delta.up, .delta.down").first().waitFor();
  assert.match(await opened.locator(".from-to").innerText(), /% → *\d+ %|%\s*→\s*\d+ %/);
  assert.match(await opened.locator(".delta").filter({ hasText: "→" }).first().innerText(), /% → .*%/);
  const goalposts = (await ask(`{ changes(first: 50, filter: {cycle: {key: "${quarter.key}"}, types: ["KeyResultRetargeted"]}) { nodes { reason } } }`)).changes.nodes;
  const decided = await opened.getByRole("region", { name: "Decisions" }).innerText();
  assert.ok(goalposts.some(({ reason }) => reason && decided.includes(reason)));
  await opened.locator("details.difference").first().locator("summary > :last-child").click();
  assert.ok(await opened.locator("details[open] .differences li").first().isVisible());
  await opened.reload();
  await opened.locator(".summary").waitFor();
  assert.equal(await opened.getByRole("button", { name: "A month ago" }).getAttribute("aria-pressed"), "true");
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("a check-in is recorded from the console, appears in another window, and is refused beside its field", async () => {
  const mine = await signedIn(member);
  const watching = await signedIn(token);
  await mine.getByRole("link", { name: "My week" }).click();
  const card = mine.locator(".key-result-card").filter({ hasText: ", target" }).first();
  const open = card.getByRole("button", { name: "Check in", exact: true });
  if (!(await card.locator("form").count())) await open.click();
  const title = await card.getByRole("heading").innerText();
  await card.getByLabel(/Value now/).fill("much");
  await card.getByRole("button", { name: "Check in" }).click();
  assert.match(await card.getByRole("alert").innerText(), /number/);
  await watching.goto(`${base}${await card.getByRole("link").first().getAttribute("href")}`); // a goal of another cycle may have the same title
  const line = watching.locator(".key-result-card").filter({ has: watching.getByRole("heading", { name: title, exact: true }) }).locator("header .key-result-value");
  const before = await line.innerText();
  await card.getByLabel(/Value now/).fill(`1,${Date.now() % 1000}`); // another value than in an earlier run
  await card.getByLabel("Note").fill("From the console");
  await card.getByRole("button", { name: "Check in" }).click();
  await card.getByText("Recorded.").waitFor();
  await line.filter({ hasNotText: before }).waitFor();
  const { changes } = await ask("{ changes(last: 1) { nodes { actor { handle source } } } }");
  assert.equal(changes.nodes[0].actor.source, "CONSOLE");
  noComplaints(mine);
  noComplaints(watching);
});

test("my week lists what the caller should act on, with its sentence and days, in the order of urgency", async () => {
  const opened = await signedIn(member);
  const week = opened.waitForResponse((response) => (response.request().postData() ?? "").includes('"Week"'));
  await opened.getByRole("link", { name: "My week" }).click();
  const { data } = await (await week).json();
  const told = data.viewer.attention.edges.map(({ node }) => node.message);
  assert.ok(told.length > 0);
  await opened.locator(".days").first().waitFor();
  const shown = await opened.locator(".days").evaluateAll((all) => all.map((one) => one.parentElement.textContent));
  assert.deepEqual(told.filter((message, index) => !shown[index]?.includes(message)), []);
  assert.equal(shown.length, told.length);
  noComplaints(opened);
});

test("a row of a key result ends with its progress, and names its confidence", async () => {
  for (const width of [1280, 390]) {
    const opened = await signedIn(token, { width });
    const row = opened.locator(".key-result").filter({ hasText: "confidence" }).first();
    const title = await row.locator(".key-result-title").innerText();
    assert.equal(await row.locator(".share").innerText(), percent(Number(await row.getByRole("meter", { name: title }).getAttribute("aria-valuenow")) / 100));
    assert.match(await row.locator(".confidence").innerText(), /^confidence \d+ %$/);
    assert.ok(await row.locator(".confidence").isVisible());
  }
});

test("the board of KPIs shows statuses and goals, now and at a moment, and one leads to its formula's tree", async () => {
  const opened = await signedIn(member);
  const board = async (at) => {
    const view = "kpis(first: 100) { nodes { name status } }";
    const { kpis } = at ? (await ask(`{ asOf(at: "${at}") { ${view} } }`)).asOf : await ask(`{ ${view} }`);
    await opened.goto(`${base}/kpis${at ? `?at=${at}` : ""}`);
    await opened.locator(".kpi .sparkline").first().waitFor();
    assert.equal(await opened.locator(".kpi").count(), kpis.nodes.length);
    const breached = kpis.nodes.filter(({ status }) => status === "BREACHED").map(({ name }) => name);
    await opened.getByRole("button", { name: "Breached" }).click();
    assert.deepEqual((await opened.locator(".kpi h2").allInnerTexts()).sort(), breached.sort());
  };
  await board(null);
  await board("2026-10-15T00:00:00Z");
  const { kpi } = await ask('{ kpi(by: {key: "conversion"}) { entityId name inputs { name } series(every: MONTH) { value } } }');
  await opened.goto(`${base}/kpi/${kpi.entityId}`);
  await opened.getByRole("heading", { name: kpi.name }).waitFor();
  assert.deepEqual(await opened.locator(".tree a").allInnerTexts(), kpi.inputs.map(({ name }) => name));
  assert.ok((await opened.locator(".months tbody tr").count()) > 3);
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("the growth of a KPI reads in per cent, with what it is compared with", async () => {
  const { kpis } = await ask("{ kpis(first: 100) { nodes { entityId formula { growth { over } } } } }");
  const growth = kpis.nodes.find(({ formula }) => formula?.growth?.over === "PREVIOUS");
  const opened = await signedIn(member);
  await opened.goto(`${base}/kpi/${growth.entityId}`);
  const figure = opened.locator(".headline-figure");
  await figure.getByText("against the month before").waitFor();
  assert.match(await figure.locator("strong").innerText(), /^[+−]?[\d.]+ %$/);
  noComplaints(opened);
});

test("at the beginning of a month a KPI shows the months before, and says that this one has no value yet", async () => {
  const { kpi } = await ask('{ kpi(by: {key: "conversion"}) { entityId series(every: MONTH) { start } } }');
  const { start } = kpi.series.at(-1);
  const name = (at) => new Date(Date.parse(at) + 7 * 86_400_000).toLocaleString("en-GB", { month: "short", year: "numeric" });
  const opened = await signedIn(member);
  await opened.goto(`${base}/kpi/${kpi.entityId}?at=${start}`);
  await opened.getByText(`no value in ${name(start)} yet`).waitFor();
  assert.equal(await opened.locator(".sparkline text").last().innerHTML(), name(kpi.series.at(-2).start));
  assert.match(await opened.locator(".months tbody tr").first().innerText(), /none yet/);
  noComplaints(opened);
});

test("what is private to a team is nowhere in the console of others", async () => {
  const { teams } = await ask('{ teams(first: 50) { nodes { id key } } }');
  const backbone = teams.nodes.find(({ key }) => key === "backbone") ?? teams.nodes[0];
  const title = `A secret ${Date.now()} that only one team may read`;
  await tell("draftObjective", { cycle: { key: quarter.key }, title, team: backbone.id, visibility: "TEAM" });
  const lead = await signedIn(token);
  await lead.getByRole("searchbox").fill(title);
  await lead.locator("article.objective").filter({ hasText: title }).waitFor();
  const other = await signedIn(member);
  await other.getByRole("searchbox").fill(title);
  await other.getByText("No objective matches").waitFor();
  await other.getByRole("link", { name: "What changed" }).click();
  await other.locator(".team, .state").first().waitFor();
  assert.doesNotMatch(await other.locator("main").innerText(), /A secret that/);
});

for (const [width, height, colorScheme] of [[390, 844, "light"], [1280, 800, "dark"], [2560, 1440, "light"]]) {
  test(`pages fit ${width} px, ${colorScheme}, and axe finds nothing serious`, async () => {
    const opened = await signedIn(member, { width, height, colorScheme, reducedMotion: "reduce" });
    for (const path of ["/", "/kpis", "/changes", "/week"]) {
      await opened.goto(`${base}${path}`);
      await opened.locator(".headline, .page").first().waitFor();
      if (path === "/week") await opened.getByRole("button", { name: "Check in" }).first().click();
      assert.equal(await overflows(opened), false, path);
      assert.deepEqual(await serious(opened), [], path);
    }
    noComplaints(opened);
  });
}
