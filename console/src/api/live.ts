// Queries about the present that are asked again when the log changes, and when the server is back.
import { useQuery, type UseQueryArgs, type UseQueryResponse } from "@urql/preact";
import type { AnyVariables } from "@urql/core";
import { useEffect } from "preact/hooks";

const RETRY_MS = 2000;

export function useLive<Data, Variables extends AnyVariables>(args: UseQueryArgs<Variables, Data>): UseQueryResponse<Data, Variables> {
  const found = useQuery<Data, Variables>(args);
  const [{ error }, again] = found;
  const isPaused = args.pause === true;
  useEffect(() => {
    if (isPaused) return; // `again` would ask in spite of the pause
    const ask = () => again({ requestPolicy: "network-only" });
    window.addEventListener("keyframe:changed", ask);
    return () => window.removeEventListener("keyframe:changed", ask);
  }, [again, isPaused]);
  useEffect(() => {
    if (isPaused || error?.networkError === undefined) return;
    const timer = setInterval(() => again({ requestPolicy: "network-only" }), RETRY_MS);
    return () => clearInterval(timer);
  }, [error, again, isPaused]);
  return found;
}
