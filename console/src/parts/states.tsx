// What a page shows instead of data: nothing yet, nothing found, not allowed, or the server is gone.
import type { CombinedError } from "@urql/core";
import type { ComponentChildren } from "preact";

import { useMoment } from "../moment/moment";
import { useLooking } from "../viewer";
import { onDayAndYear } from "./words";

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

/** What a moment of the past shows of something that was not there, or that nobody had recorded by then. */
export function NotYet({ what }: { what: string }) {
  const { since } = useLooking();
  const { moment, show } = useMoment();
  const isUnrecorded = moment.asKnownThen && since !== null && moment.at !== null && Date.parse(moment.at) < Date.parse(since);
  if (!isUnrecorded) return <State title={`${what} did not exist yet`}><p>Move the slider to a later day.</p></State>;
  return (
    <State title="Nothing was recorded by then">
      <p>This workspace records since {onDayAndYear(since)}. What happened before was imported, and is known now.</p>
      <button type="button" onClick={() => show({ ...moment, asKnownThen: false })}>Show what is known now</button>
    </State>
  );
}
