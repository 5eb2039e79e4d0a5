// What became of each test, a line of JSON each, for whoever makes a table of it.

import { inspect } from "node:util";

const isFile = ({ name, details }) => name.endsWith(".mjs") || details?.type === "suite";

export default async function* (events) {
  let said = "";
  let told = 0;
  for await (const { type, data } of events) {
    if (type === "test:stderr") said += data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    const ok = type === "test:pass";
    if (isFile(data) && (ok || told)) continue; // a file fails with its tests, or without any
    told += 1;
    const cause = data.details?.error?.cause ?? data.details?.error;
    const error = ok ? null : `${cause?.stack ?? inspect(cause)}\n${isFile(data) ? said : ""}`;
    yield `${JSON.stringify({ name: data.name, ok, error })}\n`;
  }
}
