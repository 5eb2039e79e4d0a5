// The console in Chromium, where people sign in by an OpenID Connect issuer.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { base, closeAll, page, serious, start, stop } from "./browser.mjs";
import { issuerOf } from "./issuer.mjs";
import { restart } from "./keyframe.mjs";

let issuer;
before(async () => {
  issuer = await issuerOf({ preferred_username: "leila", roles: ["MEMBER"] });
  await restart("kindly", issuer.settings);
  await start();
});
after(async () => {
  await stop();
  await issuer.stop();
  await restart("kindly");
});
afterEach(closeAll);

const byIssuer = (opened) => opened.getByRole("link", { name: "Sign in with 127.0.0.1" });

test("a person of the issuer signs in, and the page opens that was asked for", async () => {
  const opened = await page();
  await opened.goto(`${base}/kpis`);
  await byIssuer(opened).click();
  await opened.waitForURL(`${base}/kpis`);
  await opened.getByRole("heading", { name: "KPIs" }).waitFor();
  const [cookie, ...others] = await opened.context().cookies(base);
  assert.deepEqual([cookie.name, cookie.httpOnly, others], [`keyframe-${new URL(base).port}`, true, []]);
  await opened.getByRole("button", { name: "Sign out" }).click();
  await opened.getByText("You are signed out of Keyframe").waitFor();
});

test("a person whom the workspace does not know reads under which name, and whom to ask", async () => {
  issuer.person = { preferred_username: "somebody-else", roles: ["MEMBER"] };
  const opened = await page();
  await opened.goto(`${base}/`);
  await byIssuer(opened).click();
  await opened.getByText("127.0.0.1 knows you as somebody-else").waitFor();
  assert.equal(new URL(opened.url()).pathname, "/sign-in");
  assert.deepEqual(await serious(opened), []);
});

test("a sign-in that is cancelled at the issuer is explained, and can be begun again", async () => {
  issuer.refusal = "access_denied";
  const opened = await page();
  await opened.goto(`${base}/`);
  await byIssuer(opened).click();
  await opened.getByText("cancelled or denied").waitFor();
  Object.assign(issuer, { refusal: null, person: { preferred_username: "leila", roles: ["MEMBER"] } });
  await byIssuer(opened).click();
  await opened.getByRole("navigation", { name: "Pages" }).waitFor();
});
