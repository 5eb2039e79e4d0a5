// Following the log for good, whatever happens to connection and server. docs/clients.md shows this.

const PAUSE_MS = 200;

/** Every change after a position, for ever: after a lost connection it resumes after the last change. */
export async function* following(connect, query, position) {
  for (;;) {
    try {
      for await (const { data, errors } of connect().iterate({ query, variables: { after: position } })) {
        if (errors) throw errors;
        position = data.changes.position;
        yield data.changes;
      }
    } catch (lost) {
      // GraphQL errors come as a list: they are final, unless the server only restarts
      if (Array.isArray(lost) && lost[0].extensions.code !== "GOING_AWAY") throw new Error(lost[0].message);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
