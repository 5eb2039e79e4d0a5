// The graphql-sse client, by server-sent events.

import { createClient } from "graphql-sse";
import { headers, url } from "./keyframe.mjs";
import { followsTheLog, playsTheFilm } from "./live.mjs";

/** Results of a subscription, one after the other; and what cuts the connection without a word. */
function connected() {
  const cutting = new AbortController();
  const fetchFn = (address, init) => fetch(address, { ...init, signal: AbortSignal.any([init.signal, cutting.signal]) });
  const client = createClient({ url, headers, fetchFn, retryAttempts: 0 });
  return {
    iterate: (asked) => client.iterate(asked),
    cut: () => cutting.abort(),
    end: () => client.dispose(),
  };
}

followsTheLog(connected);
playsTheFilm(connected);
