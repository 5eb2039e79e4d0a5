// An address at which the console has no page: why, and where to go on.
import { Link, useLocation, useSearch } from "wouter-preact";

import { pageProblem } from "../../api/problem";
import { State } from "../../parts/states";
import { usePageTitle } from "../../title";

/** The addresses that the server answers itself, to those who come from a page of the console. */
const SERVED = /^\/(checkpoint|evidence|export|metrics|report|schema\.graphql)\b/;

export function NotHere() {
  usePageTitle("No such page");
  const [path] = useLocation();
  const search = useSearch();
  const problem = pageProblem(path);
  if (problem?.status === 401 && SERVED.test(path)) return <FromWithin address={`${path}${search && "?"}${search}`} />;
  if (problem?.code === "FORBIDDEN") return <State title="Your role does not show this"><p>{problem.message}</p><Home /></State>;
  if (problem && problem.status !== 401 && problem.status !== 404) return <State title="This could not be opened"><p>{problem.message}</p><Home /></State>;
  return (
    <State title="There is no such page">
      <p>{problem?.status === 404 ? problem.message : <>Nothing is at <code>{path}</code>.</>} The link may be old, or mistyped.</p>
      <Home />
    </State>
  );
}

/** A typed address is a stranger's: the session counts in requests of own pages, such as this link. */
function FromWithin({ address }: { address: string }) {
  return (
    <State title="This address opens from within Keyframe">
      <p>So that no other site opens it in your name, it takes one more step.</p>
      <a class="button main" href={address}>Open it</a>
      <Home />
    </State>
  );
}

const Home = () => <p><Link href="/">Go to the quarter</Link></p>;
