// Why the server rejected the request for this page: it writes the reason into the page.

interface PageProblem {
  status: number;
  code: string;
  message: string;
}

const path = location.pathname;
const told = document.querySelector<HTMLMetaElement>('meta[name="keyframe-problem"]')?.content;
const problem: PageProblem | null = told === undefined ? null : JSON.parse(told);

/** The problem of the page that was loaded, as long as its address is open. */
export function pageProblem(open: string): PageProblem | null {
  return open === path ? problem : null;
}

const CALLBACK = "/sign-in/openid";

/** Why a sign-in by the issuer failed, if this page is its end. */
export const failedSignIn: PageProblem | null = path.startsWith(CALLBACK) ? problem : null;
