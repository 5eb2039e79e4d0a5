// The console: its routes, who is signed in, and whether the server answers.
import { Provider } from "@urql/preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Route, Switch, useLocation } from "wouter-preact";

import { client } from "./api/client";
import { ways, type Ways } from "./api/session";
import { Frame } from "./frame";
import { Alignment } from "./pages/alignment";
import { Changes } from "./pages/changes";
import { KpiPage } from "./pages/kpi";
import { Kpis } from "./pages/kpis";
import { ObjectivePage } from "./pages/objective";
import { Quarter } from "./pages/quarter";
import { SignIn } from "./pages/sign-in";
import { Week } from "./pages/week";
import { Loading, State } from "./parts/states";

export function App() {
  const [known, setKnown] = useState<Ways | "gone" | null>(null);
  const refresh = () => ways().then(setKnown, () => setKnown("gone"));
  useEffect(() => void refresh(), []);
  if (known === null) return <Loading />;
  if (known === "gone") return <Gone again={refresh} />;
  return <Known ways={known} refresh={refresh} />;
}

function Known({ ways, refresh }: { ways: Ways; refresh: () => void }) {
  const [location, navigate] = useLocation();
  const isSignedIn = ways.signedInUntil !== null;
  useEffect(() => {
    if (!isSignedIn && location !== "/sign-in") navigate("/sign-in", { replace: true });
    if (isSignedIn && location === "/sign-in") navigate("/", { replace: true });
  }, [isSignedIn, location]);
  if (!isSignedIn) return <SignIn people={ways.people} onSignedIn={refresh} />;
  return <SignedIn key={ways.signedInUntil} onSignedOut={refresh} />;
}

function SignedIn({ onSignedOut }: { onSignedOut: () => void }) {
  const [isReachable, setReachable] = useState(true);
  const urql = useMemo(() => client(onSignedOut, setReachable), []);
  return (
    <Provider value={urql}>
      <Frame isReachable={isReachable} onSignedOut={onSignedOut}>
        <Switch>
          <Route path="/" component={Quarter} />
          <Route path="/objective/:id">{({ id }) => <ObjectivePage id={id} />}</Route>
          <Route path="/alignment" component={Alignment} />
          <Route path="/kpis" component={Kpis} />
          <Route path="/kpi/:id">{({ id }) => <KpiPage id={id} />}</Route>
          <Route path="/changes" component={Changes} />
          <Route path="/week" component={Week} />
          <Route>
            <State title="There is no such page" />
          </Route>
        </Switch>
      </Frame>
    </Provider>
  );
}

function Gone({ again }: { again: () => void }) {
  useEffect(() => {
    const timer = setInterval(again, 2000);
    return () => clearInterval(timer);
  }, []);
  return (
    <main class="alone">
      <State title="The server does not answer">
        <p>This page goes on as soon as it is back.</p>
      </State>
    </main>
  );
}
