// A page whose script is loaded when somebody opens it.
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Loading, State } from "./states";

/** A component that shows what `load` gives, once it is there. */
export function later<Props extends object>(load: () => Promise<FunctionComponent<Props>>): FunctionComponent<Props> {
  return function Later(props: Props) {
    const [Loaded, setLoaded] = useState<FunctionComponent<Props> | null>(null);
    const [isMissing, setMissing] = useState(false);
    useEffect(() => void load().then((found) => setLoaded(() => found), () => setMissing(true)), []);
    if (isMissing) return <Missing />;
    return Loaded === null ? <Loading /> : <Loaded {...props} />;
  };
}

function Missing() {
  return (
    <State title="This page could not be loaded">
      <p>The server does not answer, or has another version by now.</p>
      <button type="button" onClick={() => location.reload()}>Load again</button>
    </State>
  );
}
