// When somebody last looked at the console: the only thing that it keeps in the browser.

const KEY = "keyframe.visits";
/** A visit goes on while pages are opened or shown within so many milliseconds. */
const PAUSE_MS = 30 * 60_000;

interface Visits {
  /** The end of the visit before this one; null if this is the first. */
  before: string | null;
  latest: string;
}

/** The end of the visit before this one, which begins or goes on now; null if this is the first. */
export function visit(now = new Date()): string | null {
  const known = stored();
  const goesOn = known !== null && now.getTime() - Date.parse(known.latest) < PAUSE_MS;
  const visits = { before: goesOn ? known.before : (known?.latest ?? null), latest: now.toISOString() };
  localStorage.setItem(KEY, JSON.stringify(visits));
  return visits.before;
}

function stored(): Visits | null {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "null") as Partial<Visits> | null;
    return found?.latest && !Number.isNaN(Date.parse(found.latest)) ? { before: found.before ?? null, latest: found.latest } : null;
  } catch {
    return null;
  }
}
