// The answer to a page at the moment that it shows: at the present one document, in the past its twin within `asOf`.
import type { CombinedError, TypedDocumentNode } from "@urql/core";
import { useEffect, useRef } from "preact/hooks";

import { useLive } from "../api/live";
import { wait } from "./dragged";
import { basis, useMoment } from "./moment";

type Variables = Record<string, unknown>;

export interface Answer<Now, Then> {
  /** The data of the present, or of the past; of the moment before, until those of this one arrive. */
  now: Now | null;
  then: Then | null;
  isAnswered: boolean;
  error: CombinedError | undefined;
  again: () => void;
}

/** `isPaused`: ask nothing yet. */
export function useAnswer<Now, Then, Given extends Variables>(
  ofNow: TypedDocumentNode<Now, Given>,
  ofThen: TypedDocumentNode<Then, Given & { at: string; known?: string | null }>,
  variables: Given,
  isPaused = false,
): Answer<Now, Then> {
  const { moment } = useMoment();
  const isNow = moment.at === null;
  const then = { ...variables, ...basis(moment) };
  const [present, askNow] = useLive<Now, Given>({ query: ofNow, variables, pause: !isNow || isPaused });
  const [past, askThen] = useLive<Then, Given & { at: string; known?: string | null }>({ query: ofThen, variables: then, pause: isNow || isPaused });
  const answer = isNow ? present : past;
  const isAnswered = answer.data !== undefined && isOf(answer.operation?.variables, isNow ? variables : then);
  const last = useRef<{ now: Now | null; then: Then | null }>({ now: null, then: null });
  if (isAnswered) last.current = { now: isNow ? (present.data ?? null) : null, then: isNow ? null : (past.data ?? null) };
  const isWaiting = !isAnswered && !answer.error && !isPaused;
  useEffect(() => {
    wait(isWaiting ? moment.at : undefined);
    return () => wait(undefined);
  }, [isWaiting, moment.at]);
  return { ...last.current, isAnswered, error: isAnswered ? undefined : answer.error, again: () => (isNow ? askNow : askThen)({ requestPolicy: "network-only" }) };
}

const isOf = (asked: Variables | undefined, wanted: Variables): boolean =>
  asked !== undefined && Object.entries(wanted).every(([name, value]) => JSON.stringify(asked[name] ?? null) === JSON.stringify(value ?? null));
