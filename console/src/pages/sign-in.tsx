// Coming in: by a token, or in the demo as one of its people.
import { useState } from "preact/hooks";

import { signIn, type Guest } from "../api/session";
import { initials, ROLES } from "../parts/words";

const MAY: Record<string, string> = {
  LEAD: "runs the quarter and may change any goal",
  MEMBER: "keeps her own goals, and sees what her teams see",
  AUDITOR: "reads everything, proofs included, and changes nothing",
};

export function SignIn({ people, onSignedIn }: { people: Guest[]; onSignedIn: () => void }) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const [token, setToken] = useState("");
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
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 1.500 22.500 12 12 22.500 1.500 12Z" /><path class="hole" d="M12 7.500 16.500 12 12 16.500 7.500 12Z" /></svg>
          Keyframe
        </h1>
        <p class="lead">Goals and measures, at any moment in time.</p>
        {people.length > 0 && (
          <>
            <h2>Look around as</h2>
            <ul class="guests">
              {people.map((guest) => (
                <li key={guest.handle}>
                  <button type="button" disabled={isBusy} onClick={() => enter({ person: guest.handle })}>
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
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void enter({ token });
          }}
        >
          <label for="token">{people.length > 0 ? "Or with a token" : "Your token"}</label>
          <div class="field">
            <input id="token" type="password" autocomplete="off" spellcheck={false} value={token} placeholder="kf_…" required
              aria-describedby="token-help" aria-invalid={refusal !== null} onInput={(event) => setToken(event.currentTarget.value)} />
            <button type="submit" class="main" disabled={isBusy || token.trim() === ""}>Sign in</button>
          </div>
          {refusal !== null && <p class="refusal" role="alert">{refusal}</p>}
          <p id="token-help" class="help">
            An administrator makes one with <code>keyframe token create</code>. The session ends after twelve hours.
          </p>
        </form>
        {!window.isSecureContext && (
          <p class="refusal" role="alert">Browsers keep a session over https only, or on this machine. Open this page over https.</p>
        )}
      </section>
    </main>
  );
}
