// The slider of the console in Chromium: its film, the moments where it stops, and how it is marked.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { answered, base, closeAll, noComplaints, percent, serious, signedIn, start, stop, traced } from "./browser.mjs";
import { activeQuarter, ask, token } from "./keyframe.mjs";

let quarter;
before(async () => {
  await start();
  quarter = await activeQuarter();
});
after(stop);
afterEach(closeAll);

const headline = (opened) => opened.locator(".headline-figure strong").first().innerText();
const slider = (opened) => opened.getByRole("slider", { name: "Day" });
const moment = (opened) => new URL(opened.url()).searchParams.get("at");
const reads = (opened, text) => opened.waitForFunction((wanted) => document.querySelector(".headline-figure strong")?.textContent === wanted, text);

/** The progress of the cycle, and of its objectives by title, as of a moment. */
async function figuresAt(at, known = "") {
  const { asOf } = await ask(`{ asOf(at: "${at}"${known && `, known: "${known}"`}) { cycle(by: {key: "${quarter.key}"}) { progress { value }
    objectives(first: 100) { totalCount nodes { title progress { value } keyResults { title progress { value } } } } } } }`);
  return asOf.cycle;
}

/** The shares of the objectives on the screen, by title: the others do not follow the slider while it is held. */
const shown = (opened) => opened.locator("article.objective:not(.absent)").evaluateAll((all) =>
  Object.fromEntries(all.filter((one) => one.getBoundingClientRect().bottom < innerHeight).map((one) => [one.querySelector("h3").textContent, one.querySelector("header .share").textContent])));

/** A page that has its film. */
async function filmed(options) {
  const opened = await signedIn(token, options);
  const film = answered(opened, "Film");
  await opened.goto(`${base}/`);
  await film;
  await opened.locator(".reading").filter({ hasText: "planned" }).waitFor();
  await opened.waitForTimeout(300);
  return opened;
}

/** Drag the slider from now to a share of its way, and hold it there. */
async function dragged(opened, share, steps = 20) {
  const box = await slider(opened).boundingBox();
  const at = (part) => [box.x + 9 + (box.width - 18) * part, box.y + box.height / 2];
  await opened.mouse.move(...at(1));
  await opened.mouse.down();
  for (let step = 1; step <= steps; step += 1) await opened.mouse.move(...at(1 - ((1 - share) * step) / steps));
}

test("the slider shows what asOf answers, while it is held and where it stops, on one loaded document", async () => {
  const opened = await filmed();
  const asked = [];
  opened.on("request", (request) => asked.push(/"operationName":"(\w+)"/.exec(request.postData() ?? "")?.[1]));
  await dragged(opened, 0.4);
  await opened.getByText("The past:").waitFor();
  await opened.waitForTimeout(400);
  assert.deepEqual(asked.filter(Boolean), []);
  const held = { headline: await headline(opened), day: await opened.locator(".banner .day b").innerText(), objectives: await shown(opened), count: await opened.locator(".headline-title p").innerText() };
  await opened.mouse.up();
  await opened.waitForURL(/at=/);
  const then = await figuresAt(moment(opened));
  assert.equal(held.headline, percent(then.progress.value));
  assert.match(held.count, new RegExp(`\\b${then.objectives.totalCount} objective`));
  assert.ok(Object.keys(held.objectives).length > 0);
  for (const { title, progress } of then.objectives.nodes) assert.equal(held.objectives[title] ?? percent(progress.value), percent(progress.value), title);
  await opened.waitForTimeout(1000);
  assert.equal(await headline(opened), held.headline);
  assert.equal(await opened.locator(".banner .day b").innerText(), held.day);
  assert.ok(asked.includes("QuarterThen"));
  noComplaints(opened);
});

test("what was known then is shown beside what is known now, and back to now shows the present", async () => {
  const opened = await filmed();
  await slider(opened).focus();
  for (let day = 0; day < 12; day += 1) await opened.keyboard.press("ArrowLeft");
  await opened.waitForURL(/at=/);
  await opened.waitForTimeout(1000); // until it rests
  const at = moment(opened);
  const [now, then] = [await figuresAt(at), await figuresAt(at, at)];
  const known = opened.getByRole("button", { name: "as known now" });
  await known.locator("b").waitFor();
  assert.match(await known.innerText(), new RegExp(percent(now.progress.value)));
  const choice = opened.getByRole("button", { name: "as known then" });
  assert.match(await choice.innerText(), new RegExp(then ? percent(then.progress.value) : "nothing"));
  await choice.click();
  await opened.waitForURL(/known=then/);
  if (then) await reads(opened, percent(then.progress.value));
  else await opened.getByText("Nothing was recorded by then").waitFor();
  assert.deepEqual(await serious(opened), []);
  await opened.getByRole("button", { name: "Back to now" }).click();
  await opened.waitForURL((url) => !url.search.includes("at="));
  await opened.getByText("The past:").waitFor({ state: "detached" });
  noComplaints(opened);
});

test("by what was known then no frame of the film is shown, and its curve says that it is as known now", async () => {
  const opened = await filmed();
  const at = new Date(Date.parse(quarter.startsOn) + 10 * 86_400_000).toISOString();
  await opened.goto(`${base}/?at=${at}&known=then`);
  await opened.locator(".reading").filter({ hasText: "as known now" }).waitFor();
  await dragged(opened, 0.4);
  await opened.waitForURL((url) => url.searchParams.get("at") !== at); // while it is held
  const then = await figuresAt(moment(opened), moment(opened));
  if (then) await reads(opened, percent(then.progress.value));
  else await opened.getByText("Nothing was recorded by then").waitFor();
  await opened.mouse.up();
  noComplaints(opened);
});

test("no task of a script takes 16 ms while the slider is dragged over the quarter", async () => {
  const opened = await filmed();
  const trace = await traced(opened, () => dragged(opened, 0, 90));
  await opened.mouse.up();
  const scripts = trace.filter(({ name }) => ["FunctionCall", "FireAnimationFrame", "TimerFire", "RunMicrotasks"].includes(name));
  assert.ok(scripts.length > 20);
  assert.deepEqual(scripts.map(({ tdur = 0 }) => tdur / 1000).filter((ms) => ms > 16), []); // time of its thread
});

test("the quarter plays as a film by keyboard, pauses, and goes faster", async () => {
  const opened = await filmed();
  const speed = opened.getByRole("button", { name: /Speed/ });
  await speed.click();
  assert.equal(await speed.innerText(), "2×");
  await slider(opened).focus();
  await opened.keyboard.press(" ");
  const begun = await opened.locator(".banner .day b").innerText();
  await opened.waitForFunction((day) => document.querySelector(".banner .day b")?.textContent !== day, begun);
  await opened.getByRole("button", { name: "Pause" }).click();
  await opened.waitForURL(/at=/);
  await slider(opened).focus();
  await opened.keyboard.press("Escape");
  await opened.waitForURL((url) => !url.search.includes("at="));
  noComplaints(opened);
});

test("the slider moves every page, which is marked as past", async () => {
  const opened = await filmed();
  const { objectives, kpis } = await ask(`{ objectives(first: 1, filter: {cycle: {key: "${quarter.key}"}}) { nodes { entityId } } kpis(first: 1) { nodes { entityId } } }`);
  for (const path of ["/", `/objective/${objectives.nodes[0].entityId}`, "/kpis", `/kpi/${kpis.nodes[0].entityId}`, "/changes"]) {
    await opened.goto(`${base}${path}`);
    await opened.locator(".headline, .page-head").first().waitFor();
    await slider(opened).waitFor();
    await dragged(opened, 0.6, 5);
    await opened.mouse.up();
    await opened.waitForURL(/at=/);
    await opened.getByText("The past:").waitFor();
    assert.ok(await opened.evaluate(() => document.documentElement.classList.contains("past")), path);
    assert.match(await opened.title(), /^.+ · .+ 2\d{3} · Keyframe$/, path);
  }
  noComplaints(opened);
});
