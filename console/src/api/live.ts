// Queries about the present that are asked again when the log changes, and when the server is back.
import { useQuery, type UseQueryArgs, type UseQueryResponse } from "@urql/preact";
import type { AnyVariables } from "@urql/core";
import { useEffect, useRef } from "preact/hooks";

const RETRY_MS = 2000;
const CHANGED_EVENT = "keyframe:changed";

/** Have the pages that show the present ask anew. */
export const announceChange = (): boolean => window.dispatchEvent(new Event(CHANGED_EVENT));

/** Call a function when the log has changed, so many milliseconds after the last change of a series. */
export function useChanged(call: () => void, afterMs: number, isOn: boolean): void {
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    if (!isOn) return;
    let timer: ReturnType<typeof setTimeout>;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => latest.current(), afterMs);
    };
    window.addEventListener(CHANGED_EVENT, listen);
    return () => {
      clearTimeout(timer);
      window.removeEventListener(CHANGED_EVENT, listen);
    };
  }, [afterMs, isOn]);
}

export function useLive<Data, Variables extends AnyVariables>(args: UseQueryArgs<Variables, Data>): UseQueryResponse<Data, Variables> {
  const found = useQuery<Data, Variables>(args);
  const [{ error }, again] = found;
  const isPaused = args.pause === true;
  useChanged(() => again({ requestPolicy: "network-only" }), 0, !isPaused);
  useEffect(() => {
    if (isPaused || error?.networkError === undefined) return;
    const timer = setInterval(() => again({ requestPolicy: "network-only" }), RETRY_MS);
    return () => clearInterval(timer);
  }, [error, again, isPaused]);
  return found;
}
