// The address of the page that is open, with other parameters.
import { useLocation, useSearch } from "wouter-preact";

/** The query of an address with other parameters; empty ones are left out. */
export function withParameters(search: string, changed: Record<string, string | null>): string {
  const given = new URLSearchParams(search);
  for (const [name, text] of Object.entries(changed)) {
    if (text) given.set(name, text);
    else given.delete(name);
  }
  const query = given.toString().replaceAll("%3A", ":");
  return query && `?${query}`;
}

/** The address of this page with other parameters. */
export function useAddress(): (changed: Record<string, string | null>) => string {
  const [path] = useLocation();
  const search = useSearch();
  return (changed) => `${path}${withParameters(search, changed)}`;
}

/** A parameter of the address; null without it. */
export const useParameter = (name: string): string | null => new URLSearchParams(useSearch()).get(name);
