// The console: its routes, who is signed in, and whether the server answers.
import { Provider } from "@urql/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Route, Switch, useLocation, useSearch } from "wouter-preact";

import { client } from "./api/client";
import { failedSignIn } from "./api/problem";
import { opensNext, signInPage, signOut, ways, type Ways } from "./api/session";
import { Frame } from "./frame";
import { Alignment } from "./pages/alignment/alignment";
import { Changes } from "./pages/changes/changes";
import { KpiPage } from "./pages/kpis/kpi";
import { Kpis } from "./pages/kpis/kpis";
import { NotHere } from "./pages/coming-in/not-here";
import { LookingBack } from "./pages/looking-back/looking-back";
import { ObjectivePage } from "./pages/objective/objective";
import { Quarter } from "./pages/quarter/quarter";
import { SignIn, type Ended } from "./pages/coming-in/sign-in";
import { Week } from "./pages/week/week";
import { later } from "./parts/later";
import { Loading, State } from "./parts/states";

const LOOKS_AGAIN_MS = 2000;
/** The address of the query editor, which is that of the API, too. */
const ASK = "/graphql";

const Ask = later(() => import("./ask/ask").then((loaded) => loaded.AskPage));
const AskAsStranger = later(() => import("./ask/ask").then((loaded) => loaded.AskAsStranger));
const Proof = later<{ position?: string }>(() => import("./pages/proof/proof").then((loaded) => loaded.Proof));

export function App() {
  const [known, setKnown] = useState<Ways | "gone" | null>(null);
  const [ended, setEnded] = useState<Ended>(null);
  const refresh = () => ways().then(setKnown, () => setKnown("gone"));
  useEffect(() => void refresh(), []);
  if (known === null) return <Loading />;
  if (known === "gone") return <Gone again={refresh} />;
  const end = (why: Ended) => {
    setEnded(why);
    return refresh();
  };
  return <Known ways={known} ended={ended} refresh={refresh} end={end} />;
}

interface KnownProps {
  ways: Ways;
  ended: Ended;
  refresh: () => void;
  end: (why: Ended) => void;
}

function Known({ ways, ended, refresh, end }: KnownProps) {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const isSignedIn = ways.signedInUntil !== null;
  const isSignIn = path.startsWith("/sign-in");
  useEffect(() => {
    if (!isSignedIn && path !== "/sign-in" && path !== ASK) navigate(isSignIn || ended === "signed out" ? "/sign-in" : signInPage(`${path}${search && "?"}${search}`), { replace: true });
    if (isSignedIn && isSignIn) opens(opensNext(search), navigate);
  }, [isSignedIn, path]);
  useAgain(!isSignedIn && !ways.canAnybodySignIn, refresh);
  if (!isSignedIn && path === ASK) return <AskAsStranger />;
  if (!isSignedIn) return <SignIn ways={ways} ended={ended} failure={failedSignIn?.message ?? null} onSignedIn={refresh} />;
  if (isSignIn) return <Loading />;
  return <SignedIn key={ways.signedInUntil} onExpired={() => end("expired")} onSignedOut={() => end("signed out")} />;
}

/** Open an address of this server, which may be a page of the console or, like a report, none. */
function opens(to: string, navigate: (to: string, options: { replace: boolean }) => void) {
  if (to === "/") navigate(to, { replace: true });
  else location.replace(to);
}

/** Ask again and again while the answer is likely to change. */
function useAgain(isWaiting: boolean, again: () => void) {
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(again, LOOKS_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting]);
}

function SignedIn({ onExpired, onSignedOut }: { onExpired: () => void; onSignedOut: () => void }) {
  const [isReachable, setReachable] = useState(true);
  const isLeaving = useRef(false); // the session that somebody ends has not expired
  const [{ urql, end }] = useState(() => client(() => void (isLeaving.current || onExpired()), setReachable));
  const leave = () => {
    isLeaving.current = true;
    void signOut().then(onSignedOut);
  };
  useEffect(() => end, []);
  return (
    <Provider value={urql}>
      <Frame isReachable={isReachable} leave={leave}>
        <Switch>
          <Route path="/" component={Quarter} />
          <Route path="/objective/:id">{({ id }) => <ObjectivePage key={id} id={id} />}</Route>
          <Route path="/alignment" component={Alignment} />
          <Route path="/kpis" component={Kpis} />
          <Route path="/kpi/:id">{({ id }) => <KpiPage key={id} id={id} />}</Route>
          <Route path="/changes" component={Changes} />
          <Route path="/looking-back" component={LookingBack} />
          <Route path="/week" component={Week} />
          <Route path="/proof">{() => <Proof />}</Route>
          <Route path="/proof/:position">{({ position }) => <Proof position={position} />}</Route>
          <Route path={ASK}>{() => <Ask />}</Route>
          <Route component={NotHere} />
        </Switch>
      </Frame>
    </Provider>
  );
}

function Gone({ again }: { again: () => void }) {
  useAgain(true, again);
  return (
    <main class="alone">
      <State title="The server does not answer">
        <p>This page goes on as soon as it is back.</p>
      </State>
    </main>
  );
}
