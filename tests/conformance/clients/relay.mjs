// Relay, set up for Keyframe. docs/clients.md shows this.

import { createClient } from "graphql-ws";
import relay from "relay-runtime";

const { Environment, Network, Observable, RecordSource, Store } = relay;

export function environment(url, liveUrl, headers) {
  const ask = async ({ name, text }, variables) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ query: text, operationName: name, variables }),
    });
    return response.json();
  };
  const sockets = createClient({ url: liveUrl, connectionParams: headers });
  const follow = ({ name, text }, variables) =>
    Observable.create((sink) => sockets.subscribe({ query: text, operationName: name, variables }, sink));
  return new Environment({ network: Network.create(ask, follow), store: new Store(new RecordSource()) });
}
