// What a page shows instead of data: nothing yet, nothing found, not allowed, or the server is gone.
import type { CombinedError } from "@urql/core";
import type { ComponentChildren } from "preact";

export function State({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <section class="state">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <path d="M24 4 44 24 24 44 4 24Z" class="state-frame" />
        <path d="M24 16 32 24 24 32 16 24Z" class="state-key" />
      </svg>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Loading() {
  return (
    <div class="loading" role="status" aria-label="Loading">
      <span />
      <span />
      <span />
    </div>
  );
}

/** Whether the caller may not read what was asked. */
export const isForbidden = (error: CombinedError): boolean => error.graphQLErrors[0]?.extensions?.["code"] === "FORBIDDEN";

/** Why a page has no data, and what to do about it. */
export function Failed({ error, again }: { error: CombinedError; again: () => void }) {
  if (isForbidden(error)) {
    return (
      <State title="Your role does not show this">
        <p>{error.graphQLErrors[0]?.message}</p>
      </State>
    );
  }
  const isGone = error.networkError !== undefined;
  return (
    <State title={isGone ? "The server does not answer" : "This could not be loaded"}>
      <p>{isGone ? "What you see returns as soon as it is back." : error.graphQLErrors[0]?.message}</p>
      <button type="button" onClick={again}>
        Try again
      </button>
    </State>
  );
}
