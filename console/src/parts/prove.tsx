// The way from a change to its proof, for those who may read the stored bytes of every change.
import { Link, useLocation } from "wouter-preact";

import { useMoment } from "../moment/moment";
import { useLooking } from "../viewer";

export function useMayProve(): boolean {
  const { can } = useLooking().viewer;
  return can.includes("READ_LEDGER") && can.includes("READ_PRIVATE");
}

/** A link to the proof of a change; nothing for others, and on that page. */
export function ProveLink({ position }: { position: number }) {
  const { link } = useMoment();
  const [path] = useLocation();
  if (!useMayProve() || path === `/proof/${position}`) return null;
  return <> · <Link class="prove" href={link(`/proof/${position}`)}>prove this</Link></>;
}
