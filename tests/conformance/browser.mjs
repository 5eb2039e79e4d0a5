// Chromium, which opens the console of a server and watches what its pages do.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export const base = process.env.KEYFRAME_URL.replace("/graphql", "");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser;

export async function start() {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** Close all windows. */
export const closeAll = () => Promise.all(browser.contexts().map((context) => context.close()));

export const stop = () => browser?.close();

/** A page of a new profile. `complaints` are requests to other hosts, errors of scripts, and what the policy blocked. */
export async function page({ width = 1280, height = 800, colorScheme = "light", reducedMotion = "no-preference", timezoneId } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion, timezoneId });
  const opened = await context.newPage();
  opened.complaints = [];
  opened.on("request", (request) => {
    const url = new URL(request.url());
    if (url.host !== new URL(base).host && url.protocol !== "data:") opened.complaints.push(`elsewhere: ${request.url()}`);
  });
  opened.on("pageerror", (error) => opened.complaints.push(String(error)));
  opened.on("console", (message) => {
    if (/Content Security Policy|Uncaught/.test(message.text())) opened.complaints.push(message.text());
  });
  return opened;
}

/** A page that is signed in with a token. */
export async function signedIn(token, options) {
  const opened = await page(options);
  await opened.goto(`${base}/`);
  await opened.getByLabel("Your token").fill(token);
  await opened.getByRole("button", { name: "Sign in" }).click();
  await opened.getByRole("navigation", { name: "Pages" }).waitFor();
  return opened;
}

/** Whether the page is wider than its window. */
export const overflows = (opened) => opened.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** What axe finds on the page that is serious. */
export async function serious(opened) {
  await opened.evaluate(AXE);
  const { violations } = await opened.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

export const noComplaints = (opened) => assert.deepEqual(opened.complaints, []);

/** The events of a performance trace while something is done. */
export async function traced(opened, act) {
  await browser.startTracing(opened, { categories: ["devtools.timeline", "v8.execute"] });
  await act();
  return JSON.parse((await browser.stopTracing()).toString()).traceEvents;
}

/** A share as the console shows it. */
export const percent = (share) => (share === null ? "–" : `${Math.round(share * 100)} %`);

/** The answer to a document of the console, by the name of its operation. */
export const answered = (opened, name) => opened.waitForResponse((response) => (response.request().postData() ?? "").includes(`"operationName":"${name}"`));
