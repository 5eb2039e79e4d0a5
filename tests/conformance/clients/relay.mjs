// Relay, set up for Keyframe. docs/clients.md shows this.

import { createClient } from "graphql-ws";
import relay from "relay-runtime";

const { Environment, Network, Observable, RecordSource, Store } = relay;

export function environment(url, liveUrl, headers) {
  // a document that was compiled into a manifest has an id in place of a text; graphql-ws requires a text in any case
  const asked = ({ id, text }, variables) => ({ query: text ?? "", documentId: id ?? undefined, variables });
  const ask = async (document, variables) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(asked(document, variables)),
    });
    return response.json();
  };
  const sockets = createClient({ url: liveUrl, connectionParams: headers });
  const follow = (document, variables) => Observable.create((sink) => sockets.subscribe(asked(document, variables), sink));
  return new Environment({ network: Network.create(ask, follow), store: new Store(new RecordSource()) });
}
