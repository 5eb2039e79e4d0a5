// The result of each test, one line of JSON each, for the table of the runner.

import { inspect } from "node:util";

const isFile = ({ name, details }) => name.endsWith(".mjs") || details?.type === "suite";

export default async function* (events) {
  let stderr = "";
  let count = 0;
  for await (const { type, data } of events) {
    if (type === "test:stderr") stderr += data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    const ok = type === "test:pass";
    if (isFile(data) && (ok || count)) continue; // a file fails with its tests, or without any
    count += 1;
    const cause = data.details?.error?.cause ?? data.details?.error;
    const error = ok ? null : `${cause?.stack ?? inspect(cause)}\n${isFile(data) ? stderr : ""}`;
    yield `${JSON.stringify({ name: data.name, ok, error })}\n`;
  }
}
