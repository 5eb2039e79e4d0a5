// Looking back in the console: the figures of the API, at a moment and for a team, as two people with different sight.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { base, closeAll, noComplaints, overflows, percent, serious, signedIn, start, stop } from "./browser.mjs";
import { ask, cycleOf, subscribed, tell, token } from "./keyframe.mjs";

const member = process.env.KEYFRAME_MEMBER_TOKEN;

const FIGURES = `
  isFinal
  attainment { againstOriginal againstFinal score }
  attribution { initial movement goalpost scope final judgement }
  objectiveRetrospectives(first: 100) { totalCount nodes { objective { title } attribution { final initial movement goalpost scope } } }
  goalpostChanges(first: 100) { totalCount }
  teams(first: 100) { nodes { team { key name } attainment { againstFinal } } }
  calibration { summary }
  silentKeyResults`;

let ended, quarter;
before(async () => {
  await start();
  const { cycles } = await ask("{ cycles(first: 100) { nodes { key name state startsOn endsOn } } }");
  const days = ({ startsOn, endsOn }) => Date.parse(endsOn) - Date.parse(startsOn);
  [quarter] = cycles.nodes.filter(({ state }) => state === "ACTIVE").sort((one, other) => days(one) - days(other));
  [ended] = cycles.nodes.filter(({ state }) => state === "CLOSED").sort((one, other) => other.endsOn.localeCompare(one.endsOn));
});
after(stop);
afterEach(closeAll);

const points = (share) => {
  const text = Math.abs(share * 100).toFixed(1);
  return text === "0.0" ? "±0.0" : `${share > 0 ? "+" : "−"}${text}`;
};
const plain = (text) => text.replaceAll("\u00a0", " ");

/** The answer to the figures of a retrospective, for the caller with this token. */
async function asked(cycle, narrowed, as) {
  const query = `{ retrospective(cycle: {key: "${cycle}"}${narrowed}) { ${FIGURES} } }`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${as}` };
  const response = await fetch(process.env.KEYFRAME_URL, { method: "POST", headers, body: JSON.stringify({ query }) });
  return response.json();
}

async function retrospective(cycle, narrowed = "", as = token) {
  const { data, errors } = await asked(cycle, narrowed, as);
  assert.equal(errors, undefined);
  return data.retrospective;
}

async function opened(page, address) {
  await page.goto(`${base}${address}`);
  await page.locator(".waterfall li").first().waitFor();
  return page;
}

/** The figures of the page are those of an answer. */
async function shows(page, found) {
  const { attainment, attribution } = found;
  const figures = await page.locator(".summary-figures dd").allInnerTexts();
  assert.deepEqual(figures.slice(0, 2), [percent(attainment.againstOriginal), percent(attainment.againstFinal)]);
  const steps = ["initial", "movement", "goalpost", "scope"].map((part) => points(attribution[part]));
  const judged = attribution.judgement === null ? [] : [points(attribution.judgement), percent(attribution.final + attribution.judgement)];
  assert.deepEqual(await page.locator(".waterfall .share").allInnerTexts(), [...steps, percent(attribution.final), ...judged]);
  const looks = found.objectiveRetrospectives.nodes;
  const moved = looks.filter(({ attribution: of }) => [of.initial, of.movement, of.goalpost, of.scope].some((part) => part !== 0));
  const rows = await page.locator(".causes li").evaluateAll((all) => all.map((row) => [row.querySelector("a").textContent, row.querySelector(".share").textContent]));
  const byTitle = ([one], [other]) => one.localeCompare(other);
  assert.deepEqual(rows.sort(byTitle), moved.map(({ objective, attribution: of }) => [objective.title, percent(of.final)]).sort(byTitle));
  assert.equal(await page.locator("#goalposts .count").innerText(), String(found.goalpostChanges.totalCount));
  assert.equal(await page.locator("#silences .count").innerText(), String(found.silentKeyResults));
  assert.equal(await page.locator(".calibrated").count(), found.calibration.summary ? 1 : 0);
  if (found.calibration.summary) assert.equal(plain(await page.locator(".calibrated").innerText()), plain(found.calibration.summary));
}

test("a cycle that has ended shows the figures of its retrospective, by cause, objective and team", async () => {
  const page = await opened(await signedIn(token), `/looking-back?cycle=${ended.key}`);
  const found = await retrospective(ended.key);
  await shows(page, found);
  assert.match(await page.locator(".standing").innerText(), /the figures are final/);
  const teams = await page.locator(".attained tbody tr").evaluateAll((all) => all.map((row) => [row.querySelector("th").textContent, row.querySelectorAll("td")[3].textContent]));
  const known = found.teams.nodes.map(({ team, attainment }) => [team?.name ?? "Without a team", percent(attainment.againstFinal)]);
  assert.deepEqual(teams.sort(), known.sort());
  assert.ok((await page.locator(".reflected figure").count()) > 3);
  assert.doesNotMatch(await page.locator("main").innerText(), /[A-Za-z0-9]{24,}/); // names, and no ids
  noComplaints(page);
});

test("a team narrows the page, and its address shows the same again", async () => {
  const page = await opened(await signedIn(token), `/looking-back?cycle=${ended.key}`);
  const row = page.locator(".attained tbody a").first();
  const name = await row.innerText();
  await row.click();
  await page.waitForURL(/team=/);
  await page.locator(".summary h2").filter({ hasText: name }).waitFor();
  await page.locator(".waterfall li").first().waitFor();
  const key = new URL(page.url()).searchParams.get("team");
  const narrowed = await retrospective(ended.key, `, team: {key: "${key}"}`);
  await page.waitForFunction((count) => document.querySelectorAll(".causes li").length === count, narrowed.objectiveRetrospectives.totalCount);
  await shows(page, narrowed);
  await page.reload();
  await page.locator(".waterfall li").first().waitFor();
  await shows(page, narrowed);
  await page.getByLabel("Team").selectOption("");
  await page.waitForURL((url) => !url.search.includes("team="));
  noComplaints(page);
});

test("a cycle that goes on says so, leads to the last one that ended, and shows changes when asked", async () => {
  const page = await signedIn(token);
  await page.goto(`${base}/healthz`);
  await subscribed(0);
  await opened(page, "/looking-back");
  await shows(page, await retrospective(quarter.key));
  assert.match(await page.locator(".standing").innerText(), /It has not ended yet/);
  assert.match(await page.locator("#confidence").innerText(), /Not known yet/);
  await subscribed(1);
  await tell("addPerson", { handle: `late-${Date.now()}`, name: "Late" });
  await page.getByRole("button", { name: /Something changed/ }).click();
  await page.getByRole("button", { name: /Something changed/ }).waitFor({ state: "detached" });
  await page.locator(".trend a[aria-current]").filter({ hasText: quarter.name }).waitFor();
  await page.getByRole("link", { name: `Look back on ${ended.name}` }).click();
  await page.locator(".summary h2").filter({ hasText: ended.name }).waitFor();
  noComplaints(page);
});

test("a moment shows what was known then, and where that is nothing, says so", async () => {
  const at = new Date().toISOString();
  const page = await opened(await signedIn(token), `/looking-back?cycle=${quarter.key}&at=${at}&known=then`);
  await shows(page, await retrospective(quarter.key, `, known: "${at}"`));
  await opened(page, `/looking-back?cycle=${quarter.key}&at=2001-01-01T00:00:00.000Z`);
  assert.match(await page.locator(".standing").innerText(), /it looks back from now/);
  await page.goto(`${page.url()}&known=then`);
  await page.getByText("Nothing was known of it at this moment").waitFor();
  assert.deepEqual(await serious(page), []);
});

test("a cycle without a plan explains when there is something to look back on", async () => {
  const { key } = await cycleOf([]);
  const page = await signedIn(token);
  await page.goto(`${base}/looking-back?cycle=${key}`);
  await page.getByText("There is nothing to look back on yet").waitFor();
  assert.deepEqual(await serious(page), []);
  noComplaints(page);
});

test("the printable report opens from the page, signed for those who may read the ledger", async () => {
  for (const [as, isSigned] of [[token, true], [member, false]]) {
    const page = await opened(await signedIn(as), `/looking-back?cycle=${ended.key}`);
    const report = page.context().waitForEvent("page");
    await page.getByRole("link", { name: /^Printable report/ }).click();
    const paper = await report;
    await paper.waitForLoadState(); // the signature is at the end of the page
    await paper.getByRole("heading", { name: "Moved goalposts" }).waitFor();
    assert.equal(await paper.getByText("This report is not signed").count(), isSigned ? 0 : 1);
    const contents = paper.getByRole("navigation", { name: "Contents" });
    await contents.getByRole("link", { name: "Silences" }).click();
    assert.match(paper.url(), /#silences$/);
    await closeAll();
  }
});

test("what is private to a team is in the page and the report of nobody else", async () => {
  const { teams } = await ask("{ teams(first: 50) { nodes { id key } } }");
  const backbone = teams.nodes.find(({ key }) => key === "backbone") ?? teams.nodes[0];
  const title = `A hidden aim ${Date.now()} of one team alone`;
  const made = await tell("draftObjective", { cycle: { key: quarter.key }, title, team: backbone.id, visibility: "TEAM", commit: true, keyResults: [{ title: "Hidden steps", metric: { direction: "INCREASE", start: 0, target: 10 } }] }, "objective { id keyResults { id } }");
  await tell("checkIn", { keyResult: made.objective.keyResults[0].id, value: 5 });
  const mine = await opened(await signedIn(token), "/looking-back");
  await mine.locator(".causes li").filter({ hasText: title }).waitFor();
  await shows(mine, await retrospective(quarter.key));
  const other = await opened(await signedIn(member), "/looking-back");
  await shows(other, await retrospective(quarter.key, "", member));
  assert.doesNotMatch(await other.locator("main").innerText(), /hidden aim/i);
  const report = await other.evaluate((path) => fetch(path).then((response) => response.text()), `/report/${quarter.key}`);
  assert.match(report, /Moved goalposts/);
  assert.doesNotMatch(report, /hidden aim/i);
  noComplaints(other);
});

for (const [width, height, colorScheme] of [[390, 844, "dark"], [1280, 800, "light"], [2560, 1440, "dark"]]) {
  test(`the page fits ${width} px, ${colorScheme}, and axe finds nothing serious`, async () => {
    const page = await signedIn(member, { width, height, colorScheme, reducedMotion: "reduce" });
    for (const key of [ended.key, quarter.key]) {
      await opened(page, `/looking-back?cycle=${key}`);
      const more = page.getByRole("button", { name: /^Show all/ });
      while (await more.count()) await more.first().click();
      assert.equal(await overflows(page), false, key);
      assert.deepEqual(await serious(page), [], key);
    }
    noComplaints(page);
  });
}
