// An OpenID Connect issuer on loopback, which signs in one person without asking, and verifies client and PKCE.

import { createHash, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const CLIENT = "keyframe-console";
const SECRET = "a-secret-of-the-conformance-tests";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const part = (content) => Buffer.from(JSON.stringify(content)).toString("base64url");

function signed(claims) {
  const text = `${part({ alg: "RS256", kid: "one" })}.${part(claims)}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
}

/** The issuer of this person; `settings` are those of a server whose people sign in by it. */
export async function issuerOf(person) {
  const issuer = { person, refusal: null, codes: new Map() };
  const server = createServer(async (request, response) => {
    const { status = 200, location, content = {} } = await answered(issuer, request);
    response.writeHead(status, { "content-type": "application/json", ...(location && { location }) });
    response.end(JSON.stringify(content));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  issuer.url = `http://127.0.0.1:${server.address().port}`;
  issuer.settings = { KEYFRAME_OIDC_ISSUER: issuer.url, KEYFRAME_OIDC_CLIENT_ID: CLIENT, KEYFRAME_OIDC_CLIENT_SECRET: SECRET };
  issuer.stop = () => new Promise((stopped) => { server.close(stopped); server.closeAllConnections(); });
  return issuer;
}

async function answered(issuer, request) {
  const { pathname, searchParams } = new URL(request.url, issuer.url);
  if (pathname === "/authorize") return { status: 302, location: wayBack(issuer, searchParams) };
  if (pathname === "/token") return token(issuer, request);
  if (pathname === "/keys") return { content: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one" }] } };
  const at = (path) => `${issuer.url}${path}`;
  return { content: { issuer: issuer.url, authorization_endpoint: at("/authorize"), token_endpoint: at("/token"), jwks_uri: at("/keys") } };
}

function wayBack(issuer, asked) {
  const code = randomUUID();
  issuer.codes.set(code, asked);
  const answer = issuer.refusal === null ? { code } : { error: issuer.refusal };
  return `${asked.get("redirect_uri")}?${new URLSearchParams({ state: asked.get("state"), ...answer })}`;
}

async function token(issuer, request) {
  let body = "";
  for await (const chunk of request) body += chunk;
  const given = new URLSearchParams(body);
  const asked = issuer.codes.get(given.get("code"));
  issuer.codes.delete(given.get("code"));
  const challenge = createHash("sha256").update(given.get("code_verifier") ?? "").digest("base64url");
  const client = `Basic ${Buffer.from(`${CLIENT}:${SECRET}`).toString("base64")}`;
  if (request.headers.authorization !== client) return { status: 401, content: { error: "invalid_client" } };
  if (asked?.get("code_challenge") !== challenge) return { status: 400, content: { error: "invalid_grant" } };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer.url, aud: CLIENT, sub: "7", iat: now, exp: now + 3600, nonce: asked.get("nonce"), ...issuer.person };
  return { content: { access_token: "x", token_type: "Bearer", id_token: signed(claims) } };
}
