// Whether the server answers and knows the session: asked again from when a request fails or the socket closes, until
// it does. What changed meanwhile was not announced, so pages are then asked anew.
import { announceChange } from "./live";
import { ways } from "./session";

const AGAIN_MS = 2000;

export class Reachability {
  private isAsking = false;
  private isLost = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly ended = new AbortController();

  /** `onSignedOut`: the server does not know the session any more. `onReachable`: it is gone, or back. */
  constructor(
    private readonly onSignedOut: () => void,
    private readonly onReachable: (reachable: boolean) => void,
  ) {
    window.addEventListener("online", this.doubt, { signal: this.ended.signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.doubt(), { signal: this.ended.signal });
  }

  /** Ask no more: the session has ended. */
  end(): void {
    this.ended.abort();
    clearTimeout(this.timer);
  }

  /** Ask whether the server is there, since something failed. */
  readonly doubt = (): void => {
    if (!this.isAsking && !this.ended.signal.aborted) void this.ask();
  };

  private async ask(): Promise<void> {
    this.isAsking = true;
    try {
      const { signedInUntil } = await ways();
      this.isAsking = false;
      if (this.ended.signal.aborted) return;
      if (signedInUntil === null) return this.onSignedOut();
      if (this.isLost) this.found();
    } catch {
      if (this.ended.signal.aborted) return;
      this.isLost = true;
      this.onReachable(false);
      this.timer = setTimeout(() => void this.ask(), AGAIN_MS);
    }
  }

  private found(): void {
    this.isLost = false;
    this.onReachable(true);
    announceChange();
  }
}
