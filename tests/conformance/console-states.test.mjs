// The console in Chromium where something is missing: the server, the session, permissions, the beginning.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { base, closeAll, noComplaints, page, serious, signedIn, start, stop } from "./browser.mjs";
import { activeQuarter, ask, startServer, stopServer, tell, token } from "./keyframe.mjs";

const member = process.env.KEYFRAME_MEMBER_TOKEN;

let quarter;
before(async () => {
  await start();
  quarter = await activeQuarter();
});
after(stop);
afterEach(closeAll);

const rows = (opened) => opened.locator("article.objective").first();

test("a page that nobody touches says that the server is gone, and goes on when it is back", async () => {
  const opened = await signedIn(token);
  await rows(opened).waitFor();
  await stopServer();
  const banner = opened.getByRole("alert").filter({ hasText: "does not answer" });
  await banner.waitFor();
  assert.ok(await rows(opened).isVisible()); // what was loaded stays
  const stranger = await page();
  const failed = await stranger.goto(`${base}/`).then(() => null, (error) => error);
  assert.ok(failed);
  await startServer();
  await banner.waitFor({ state: "detached" });
  const title = `Drafted after a restart ${Date.now()}`;
  await tell("draftObjective", { cycle: { key: quarter.key }, title });
  await opened.locator("article.objective").filter({ hasText: title }).waitFor({ state: "attached" }); // the page follows the log again
});

test("a change that is recorded after a page has loaded and before it listens is shown", async () => {
  const first = await signedIn(token);
  const opened = await first.context().newPage();
  let listen;
  const listening = new Promise((resolve) => (listen = resolve));
  await opened.routeWebSocket(/graphql/, async (socket) => {
    await listening;
    socket.connectToServer();
  });
  await opened.goto(`${base}/`);
  await rows(opened).waitFor();
  const title = `Drafted before anyone listens ${Date.now()}`;
  await tell("draftObjective", { cycle: { key: quarter.key }, title });
  listen();
  await opened.locator("article.objective").filter({ hasText: title }).waitFor({ state: "attached" });
});

test("a session that ends while a page is open leads to the sign-in", async () => {
  const opened = await signedIn(token);
  await rows(opened).waitFor();
  const elsewhere = await opened.context().newPage();
  await elsewhere.goto(`${base}/kpis`);
  await elsewhere.getByRole("button", { name: "Sign out" }).click();
  await opened.waitForURL(/\/sign-in/, { timeout: 15_000 });
});

test("days are those of the workspace, wherever the browser is", async () => {
  const told = [];
  for (const timezoneId of ["Pacific/Kiritimati", "America/Los_Angeles"]) {
    const opened = await signedIn(token, { timezoneId });
    const { asOf } = await ask(`{ asOf(at: "2026-11-01T12:00:00Z") { basis { at } } }`);
    await opened.goto(`${base}/?at=${asOf.basis.at}`);
    await opened.locator(".banner .day").waitFor();
    const banner = await opened.locator(".banner .day").innerText();
    await opened.goto(`${base}/changes`);
    told.push([banner, await opened.locator("h1").innerText()]);
  }
  assert.deepEqual(told[0], told[1]);
});

test("before the beginning a page says so, and a cycle that ended shows its score", async () => {
  const opened = await signedIn(member);
  await opened.goto(`${base}/?at=1990-01-01T00:00:00Z`);
  await opened.getByText("This cycle did not exist yet").waitFor();
  assert.deepEqual(await serious(opened), []);
  const { cycles } = await ask("{ cycles(first: 50) { nodes { key state score } } }");
  const ended = cycles.nodes.find(({ state, score }) => state === "CLOSED" && score !== null);
  await opened.goto(`${base}/?cycle=${ended.key}`);
  await opened.locator(".cycle-state").filter({ hasText: "ended" }).waitFor();
  assert.equal(await opened.locator(".headline-figure strong").innerText(), `${Math.round(ended.score * 100)} %`);
  assert.deepEqual(await serious(opened), []);
  noComplaints(opened);
});

test("titles of any length and script keep a page within its window", async () => {
  const titles = ["W".repeat(300), "هدف باللغة العربية: أن يجد كل زبون دراجته خلال دقيقة", "🚲🔥 Émoji — 日本語 ß", '<img src=x onerror="alert(1)"> & [link](javascript:alert(1))'];
  const { key } = quarter;
  for (const title of titles) {
    const { objective } = await tell("draftObjective", { cycle: { key }, title, description: title }, "objective { id }");
    await tell("addKeyResult", { objective: objective.id, title, metric: { direction: "INCREASE", start: 0, target: 10 } });
  }
  for (const width of [390, 1280]) {
    const opened = await signedIn(token, { width });
    for (const title of titles) await opened.locator("article.objective h3").filter({ hasText: title }).first().waitFor({ state: "attached" });
    assert.equal(await opened.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
    await opened.locator("article.objective h3 a").filter({ hasText: titles[0] }).first().click();
    await opened.getByRole("heading", { name: "Key results" }).waitFor();
    assert.equal(await opened.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
    noComplaints(opened);
  }
});

test("the keyboard reaches everything: the skip link first, each stop visible, no trap", async () => {
  const opened = await signedIn(token);
  await rows(opened).waitFor();
  await opened.reload();
  await rows(opened).waitFor();
  await opened.keyboard.press("Tab");
  assert.equal(await opened.evaluate(() => document.activeElement.textContent), "Skip to the page");
  assert.ok(await opened.locator(".skip").isVisible());
  await opened.keyboard.press("Enter");
  assert.equal(await opened.evaluate(() => document.activeElement.id), "main");
  const stops = [];
  for (let stops_ = 0; stops_ < 200; stops_ += 1) {
    await opened.keyboard.press("Tab");
    const at = await opened.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      return { name: one.getAttribute("aria-label") ?? one.textContent ?? "", isBody: one === document.body, isVisible: style.outlineStyle !== "none" || one.matches('input[type="range"]') };
    });
    if (at.isBody) break;
    assert.ok(at.isVisible, at.name);
    stops.push(at.name);
  }
  assert.ok(stops.some((name) => name === "Day") && stops.some((name) => /film/.test(name)), stops.join(" · "));
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious on any page, now and in the past, ${colorScheme}`, async () => {
    const opened = await signedIn(token, { colorScheme, reducedMotion: "reduce" });
    const { objectives, kpis } = await ask(`{ objectives(first: 1, filter: {cycle: {key: "${quarter.key}"}}) { nodes { entityId } } kpis(first: 1) { nodes { entityId } } }`);
    const paths = ["/", "/alignment", "/looking-back", "/proof", `/objective/${objectives.nodes[0].entityId}`, "/kpis", `/kpi/${kpis.nodes[0].entityId}`, "/changes", "/week"];
    for (const path of paths.flatMap((one) => [one, `${one}?at=2026-11-10T00:00:00Z`])) {
      await opened.goto(`${base}${path}`);
      await opened.locator(".headline, .page-head, .state").first().waitFor();
      assert.deepEqual(await serious(opened), [], path);
    }
    noComplaints(opened);
  });
}
