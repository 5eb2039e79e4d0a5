// Who is signed in: the session is a cookie that scripts cannot read.

/** How long a server may take to say who is signed in. */
const WAITS_MS = 8000;

export interface Guest {
  handle: string;
  name: string;
  role: string;
}

export interface Ways {
  signedInUntil: string | null;
  people: Guest[];
  /** The issuer by which people sign in, and where they sign out there. */
  issuer: { name: string; signInAt: string; signOutAt: string | null } | null;
  /** Whom people ask for access. */
  contact: string | null;
  canAnybodySignIn: boolean;
}

export async function ways(): Promise<Ways> {
  const response = await fetch("/sign-in", { headers: { accept: "application/json" }, signal: AbortSignal.timeout(WAITS_MS) });
  if (!response.ok) throw new Error(await message(response));
  return response.json();
}

export async function signIn(chosen: { token: string } | { person: string }): Promise<void> {
  const response = await fetch("/sign-in", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(chosen),
  });
  if (!response.ok) throw new Error(await message(response));
}

/** End the session. If the server cannot be reached it goes on, which the next look at `ways` tells. */
export async function signOut(): Promise<void> {
  await fetch("/sign-out", { method: "POST" }).catch(() => undefined);
}

async function message(response: Response): Promise<string> {
  const body = await response.json().catch(() => null);
  return body?.errors?.[0]?.message ?? `The server answered ${response.status}.`;
}

/** The page that signs in, and afterwards opens what is open now. */
export function signInPage(open: string): string {
  return open === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(open)}`;
}

/** The address of this server that an address of the sign-in page names; its first page if it names none. */
export function opensNext(search: string): string {
  try {
    const to = new URL(new URLSearchParams(search).get("to") ?? "/", location.origin);
    const isHere = to.origin === location.origin && !to.pathname.startsWith("/sign-");
    return isHere ? `${to.pathname}${to.search}` : "/";
  } catch {
    return "/";
  }
}
