// The graphql-ws client over a WebSocket.

import { createClient } from "graphql-ws";
import { headers, liveUrl } from "./keyframe.mjs";
import { followsTheLog, playsTheFilm } from "./live.mjs";

/** Results of a subscription, one after the other; and what cuts the connection without a word. */
function connected() {
  const sockets = [];
  const client = createClient({
    url: liveUrl,
    connectionParams: headers,
    retryAttempts: 0,
    on: { opened: (socket) => sockets.push(socket) },
  });
  return {
    iterate: (asked) => client.iterate(asked),
    cut: () => sockets.forEach((socket) => socket.terminate()),
    end: () => client.dispose(),
  };
}

followsTheLog(connected);
playsTheFilm(connected);
