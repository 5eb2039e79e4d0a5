// Bytes as text, and back.
import type { Bytes } from "./merkle.js";

/** The bytes of Base64. Throws `SyntaxError` for anything but its one canonical form. */
export function fromBase64(text: string): Bytes {
  const bytes = Uint8Array.from(decoded(text), (character) => character.charCodeAt(0));
  if (toBase64(bytes) !== text) throw new SyntaxError("this is not Base64");
  return bytes;
}

function decoded(text: string): string {
  try {
    return atob(text);
  } catch {
    throw new SyntaxError("this is not Base64");
  }
}

export function toBase64(bytes: Bytes): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export const toHex = (bytes: Bytes): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
