// Coming in: by the issuer of the company, by a token, or in the demo as one of its people.
import { useRef, useState } from "preact/hooks";
import { useSearch } from "wouter-preact";

import { opensNext, signIn, type Guest, type Ways } from "../../api/session";
import { initials, ROLES } from "../../parts/words";
import { usePageTitle } from "../../title";

const MAY: Record<string, string> = {
  LEAD: "runs the quarter and may change any goal",
  MEMBER: "keeps their own goals, and sees what their teams see",
  AUDITOR: "reads everything, proofs included, and changes nothing",
};

/** Why somebody who was signed in is so no more. */
export type Ended = "expired" | "signed out" | null;

interface Props {
  ways: Ways;
  ended: Ended;
  /** Why a sign-in by the issuer failed. */
  failure: string | null;
  onSignedIn: () => void;
}

export function SignIn({ ways, ended, failure, onSignedIn }: Props) {
  usePageTitle("Sign in");
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const enter = async (chosen: { token: string } | { person: string }) => {
    setBusy(true);
    setRefusal(null);
    await signIn(chosen).then(onSignedIn, (error: Error) => setRefusal(error.message));
    setBusy(false);
  };
  return (
    <main class="sign-in">
      <section class="sign-in-card">
        <h1>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 1.5 22.5 12 12 22.5 1.5 12Z" /><path class="hole" d="M12 7.5 16.5 12 12 16.5 7.5 12Z" /></svg>
          Keyframe
        </h1>
        <p class="lead">Goals and measures, at any moment in time.</p>
        <Why ways={ways} ended={ended} failure={failure} />
        {ways.issuer && <ByIssuer issuer={ways.issuer} isFirst={ways.people.length === 0} />}
        {ways.people.length > 0 && <Guests people={ways.people} isBusy={isBusy} choose={(person) => enter({ person })} />}
        {!ways.canAnybodySignIn && <NobodyYet />}
        <ByToken ways={ways} refusal={refusal} isBusy={isBusy} enter={(token) => enter({ token })} />
        {!window.isSecureContext && (
          <p class="refusal" role="alert">Browsers keep a session over https only, or on this machine. Open this page over https.</p>
        )}
      </section>
    </main>
  );
}

/** Why this page is open, if something went before. */
function Why({ ways: { issuer }, ended, failure }: Pick<Props, "ways" | "ended" | "failure">) {
  if (failure !== null) return <p class="notice problem" role="alert">{failure}</p>;
  if (ended === "expired") return <p class="notice" role="status">Your session has ended. Sign in to go on where you were.</p>;
  if (ended === "signed out")
    return (
      <p class="notice" role="status">
        You are signed out of Keyframe.
        {issuer?.signOutAt && <> <a href={issuer.signOutAt}>Sign out of {issuer.name}, too</a></>}
      </p>
    );
  return null;
}

function ByIssuer({ issuer, isFirst }: { issuer: NonNullable<Ways["issuer"]>; isFirst: boolean }) {
  const to = opensNext(useSearch());
  const address = to === "/" ? issuer.signInAt : `${issuer.signInAt}?to=${encodeURIComponent(to)}`;
  return <a class={isFirst ? "button main" : "button"} href={address}>Sign in with {issuer.name}</a>;
}

function Guests({ people, isBusy, choose }: { people: Guest[]; isBusy: boolean; choose: (handle: string) => void }) {
  return (
    <>
      <h2>Look around as</h2>
      <ul class="guests">
        {people.map((guest) => (
          <li key={guest.handle}>
            <button type="button" disabled={isBusy} onClick={() => choose(guest.handle)}>
              <span class="avatar" aria-hidden="true">{initials(guest.name)}</span>
              <span>
                <b>{guest.name}</b> <i>{ROLES[guest.role]}</i>
                <small>{MAY[guest.role]}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** A workspace that was just made: nobody has a token. */
function NobodyYet() {
  return (
    <div class="notice">
      <p><b>Nobody can sign in yet.</b> Make the first token where this server runs:</p>
      <pre>keyframe token create --role ADMIN --expires 12h</pre>
      <p>It prints the token once. Paste it here.</p>
    </div>
  );
}

interface ByTokenProps {
  ways: Ways;
  refusal: string | null;
  isBusy: boolean;
  enter: (token: string) => Promise<void>;
}

function ByToken({ ways, refusal, isBusy, enter }: ByTokenProps) {
  const [token, setToken] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const isOnly = ways.people.length === 0 && ways.issuer === null;
  const send = async (event: Event) => {
    event.preventDefault();
    await enter(token);
    field.current?.select();
  };
  return (
    <form onSubmit={send}>
      <label for="token">{isOnly ? "Your token" : "Or with a token"}</label>
      <div class="field">
        <input id="token" ref={field} type="password" autocomplete="off" spellcheck={false} value={token} placeholder="kf_…" required
          aria-describedby="token-refusal token-help" aria-invalid={refusal !== null} onInput={(event) => setToken(event.currentTarget.value)} />
        <button type="submit" class={isOnly ? "main" : ""} disabled={isBusy || token.trim() === ""}>Sign in</button>
      </div>
      {refusal !== null && <p id="token-refusal" class="refusal" role="alert">{refusal}</p>}
      <p id="token-help" class="help">
        {ways.canAnybodySignIn && (ways.contact ? <>Ask {ways.contact} for one. </> : <>An administrator makes one with <code>keyframe token create</code>. </>)}
        The session ends after twelve hours.
      </p>
    </form>
  );
}
