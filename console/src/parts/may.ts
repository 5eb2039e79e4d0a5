// What the caller may do with what a page shows. The server decides; this decides which forms are offered.
import type { Permission } from "../generated/graphql";
import { useMoment } from "../moment/moment";
import { useLooking } from "../viewer";

type Owner = { entityId: string } | null | undefined;

/** Whether the caller has a permission, or has one for what is their own and is one of these people. The past is not edited. */
export function useMay(any: Permission, own: Permission): (...people: Owner[]) => boolean {
  const { viewer } = useLooking();
  const { moment } = useMoment();
  const has = (permission: Permission) => viewer.can.includes(permission);
  const me = viewer.person?.entityId;
  return (...people) => moment.at === null && (has(any) || (has(own) && me !== undefined && people.some((one) => one?.entityId === me)));
}

export const useMayEdit = () => useMay("EDIT_GOALS", "EDIT_OWN_GOALS");
