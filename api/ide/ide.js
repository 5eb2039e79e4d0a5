// The GraphQL editor of Keyframe. It has no dependencies, and sends requests only to the server that it was loaded from.

const at = (id) => document.getElementById(id);
const [query, shown, variables, headers, token, answer, state] =
  ["query", "shown", "variables", "headers", "token", "answer", "state"].map(at);
const FIRST = `# Ctrl-Enter runs the document; Ctrl-Space completes the field at the cursor.
query Now {
  basis { at position }
  cycles {
    edges { node {
      key
      name
      state
      progress { value expected health }
      objectives(first: 5) {
        edges { node { title progress { value health } } }
      }
    } }
  }
}
`;
const INTROSPECTION = `query Schema { __schema {
  queryType { name } mutationType { name } subscriptionType { name }
  types { kind name description
    fields(includeDeprecated: true) { name description args { name description type { ...T } defaultValue } type { ...T } }
    inputFields { name description type { ...T } defaultValue }
    enumValues { name description } possibleTypes { name } interfaces { name } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

// ── local storage ───────────────────────────────────────────────────────────────────────────────

const stored = (name, otherwise) => { try { return JSON.parse(localStorage.getItem(`keyframe.${name}`)) ?? otherwise; } catch { return otherwise; } };
const store = (name, value) => { try { localStorage.setItem(`keyframe.${name}`, JSON.stringify(value)); } catch { /* local storage is not available */ } };

// ── showing text ────────────────────────────────────────────────────────────────────────────────

const escaped = (text) => text.replace(/[&<>]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[one]);
const GRAPHQL = /(#[^\n]*)|("""[\s\S]*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?)|(\$[A-Za-z_]\w*|@[A-Za-z_]\w*)|(-?\d+(?:\.\d+)?)|\b(query|mutation|subscription|fragment|on|true|false|null)\b|([A-Za-z_]\w*)(?=\s*:)|([A-Za-z_]\w*)/g;
const JSONISH = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;

function coloured(text) {
  let html = "", end = 0;
  for (const found of text.matchAll(GRAPHQL)) {
    const [all, comment, string, name, number, keyword, argument] = found;
    const kind = comment ? "comment" : string ? "text" : name || argument ? "name" : number ? "number" : keyword ? "keyword" : "field";
    html += `${escaped(text.slice(end, found.index))}<span class="${kind}">${escaped(all)}</span>`;
    end = found.index + all.length;
  }
  return html + escaped(text.slice(end));
}
const asJson = (value) => escaped(JSON.stringify(value, null, 2)).replace(JSONISH, (all, string, colon, number, keyword) =>
  colon !== undefined ? `<span class="field">${string}</span>${colon}` : `<span class="${string ? "text" : number ? "number" : "keyword"}">${all}</span>`);

function draw() {
  shown.innerHTML = `${coloured(query.value)}\n`;
  shown.scrollTop = query.scrollTop; shown.scrollLeft = query.scrollLeft;
  const names = [...query.value.matchAll(/^\s*(?:query|mutation|subscription)\s+(\w+)/gm)].map((one) => one[1]);
  const choice = at("operation"), before = choice.value;
  choice.replaceChildren(...names.map((name) => new Option(name, name, false, name === before)));
  choice.hidden = names.length < 2;
  store("query", query.value);
}

function showStatus(text, isBad = false) { state.textContent = text; state.classList.toggle("bad", isBad); }

// ── requests ────────────────────────────────────────────────────────────────────────────────────

let running = null;

function parsed(field, name) {
  if (!field.value.trim()) return {};
  try { return JSON.parse(field.value); } catch (error) { throw new Error(`${name}: ${error.message}`); }
}

const sent = (more) => ({
  "content-type": "application/json", "x-keyframe-request": "ide", ...more,
  ...(token.value ? { authorization: `Bearer ${token.value}` } : {}), ...parsed(headers, "Headers"),
});

function operationName() {
  const choice = at("operation");
  if (choice.hidden) return undefined;
  const before = [...query.value.slice(0, query.selectionStart).matchAll(/^\s*(?:query|mutation|subscription)\s+(\w+)/gm)];
  return document.activeElement === query && before.length ? before.at(-1)[1] : choice.value;
}

const isSubscription = (text, name) => name
  ? new RegExp(`^\\s*subscription\\s+${name}\\b`, "m").test(text)
  : /^\s*subscription\b/m.test(text.replace(/#[^\n]*/g, ""));

async function run() {
  stop();
  const request = { query: query.value, operationName: operationName() };
  const mine = running = new AbortController();
  at("stop").hidden = false; showStatus("…");
  const began = performance.now();
  try {
    request.variables = parsed(variables, "Variables");
    remember(request.query);
    if (isSubscription(request.query, request.operationName)) await subscribe(request, mine.signal);
    else await execute(request, mine.signal, began);
  } catch (error) {
    if (error.name !== "AbortError") { answer.textContent = String(error.message ?? error); showStatus("not sent", true); } else showStatus("stopped");
  } finally { if (running === mine) { running = null; at("stop").hidden = true; } }
}

function stop() { running?.abort(); }

async function execute(request, signal, began) {
  const response = await fetch("/graphql", { method: "POST", signal, headers: sent({ accept: "application/graphql-response+json, application/json;q=0.9" }), body: JSON.stringify(request) });
  const text = await response.text();
  let result; try { result = JSON.parse(text); } catch { answer.textContent = text; showStatus(`${response.status}`, true); return; }
  answer.innerHTML = asJson(result);
  const cost = result.extensions?.cost, took = `${Math.round(performance.now() - began)} ms`;
  showStatus([response.status, took, cost && `cost ${cost.asked.toLocaleString("en")} of ${cost.limit.toLocaleString("en")}`].filter(Boolean).join(" · "), !response.ok || !!result.errors);
}

async function subscribe(request, signal) {
  const response = await fetch("/graphql", { method: "POST", signal, headers: sent({ accept: "text/event-stream" }), body: JSON.stringify(request) });
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) { answer.textContent = await response.text(); showStatus(`${response.status}`, true); return; }
  answer.replaceChildren();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", count = 0;
  showStatus("listening …");
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const kind = /^event: (.*)$/m.exec(event)?.[1], data = /^data: (.*)$/m.exec(event)?.[1];
      if (kind === "complete") { showStatus(`${count} events · complete`); return; }
      if (kind !== "next" || !data) continue;
      count += 1;
      const piece = document.createElement("span");
      piece.className = "event"; piece.innerHTML = asJson(JSON.parse(data));
      answer.prepend(piece);
      while (answer.childElementCount > 200) answer.lastElementChild.remove();
      showStatus(`listening · ${count} events`);
    }
  }
  showStatus(`${count} events · the server closed the connection`, true);
}

// ── history ─────────────────────────────────────────────────────────────────────────────────────

function remember(text) {
  const past = stored("history", []).filter((one) => one.query !== text);
  store("history", [{ query: text, variables: variables.value, at: new Date().toISOString() }, ...past].slice(0, 50));
  showHistory();
}

function showHistory() {
  at("history").querySelector("ol").replaceChildren(...stored("history", []).map((one) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.textContent = one.query.replace(/#[^\n]*\n/g, "").replace(/\s+/g, " ").trim() || "(empty)";
    button.onclick = () => { query.value = one.query; variables.value = one.variables ?? ""; draw(); query.focus(); };
    item.append(button, new Date(one.at).toLocaleString());
    return item;
  }));
}

// ── formatting ──────────────────────────────────────────────────────────────────────────────────

function formatDocument() {
  let depth = 0;
  const lines = query.value.split("\n").map((line) => line.trim()).map((line) => {
    const bare = line.replace(/#.*$|"(?:\\.|[^"\\])*"/g, "");
    const closing = /^[}\])]*/.exec(bare)[0].length;
    const indented = line ? "  ".repeat(Math.max(0, depth - closing)) + line : "";
    depth = Math.max(0, depth + (bare.match(/[{[(]/g)?.length ?? 0) - (bare.match(/[}\])]/g)?.length ?? 0));
    return indented;
  });
  query.value = lines.join("\n").replace(/\n{3,}/g, "\n\n");
  draw();
}

// ── the schema ──────────────────────────────────────────────────────────────────────────────────

let types = new Map(), roots = [], trail = [];

async function loadSchema() {
  try {
    const response = await fetch("/graphql", { method: "POST", headers: sent({ accept: "application/json" }), body: JSON.stringify({ query: INTROSPECTION }) });
    const schema = (await response.json()).data?.__schema;
    if (!schema) throw new Error("The schema needs authentication: set a token.");
    types = new Map(schema.types.map((type) => [type.name, type]));
    roots = [["query", schema.queryType], ["mutation", schema.mutationType], ["subscription", schema.subscriptionType]].filter((one) => one[1]);
    showPage([]);
  } catch (error) { at("page").textContent = String(error.message ?? error); }
}

const named = (type) => (type.ofType ? named(type.ofType) : type.name);
const written = (type) => (type.kind === "NON_NULL" ? `${written(type.ofType)}!` : type.kind === "LIST" ? `[${written(type.ofType)}]` : type.name);

function make(kind, text, className) {
  const made = document.createElement(kind);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function link(name, label = name) {
  const button = make("button", label);
  button.onclick = () => showPage([...trail, name]);
  return button;
}

function showPage(where) {
  trail = where;
  const root = make("button", "Schema");
  root.onclick = () => showPage([]);
  at("trail").replaceChildren(root, ...where.flatMap((name, index) => {
    const step = make("button", name);
    step.onclick = () => showPage(where.slice(0, index + 1));
    return [" › ", step];
  }));
  at("page").replaceChildren(...(where.length ? typePage(types.get(where.at(-1))) : rootPage()));
}

function rootPage() {
  const list = make("dl");
  for (const [kind, type] of roots) list.append(entry([make("span", `${kind}: `, "keyword"), link(type.name)], types.get(type.name)?.description));
  list.append(...[...types.values()].filter((type) => !type.name.startsWith("__")).sort((a, b) => a.name.localeCompare(b.name)).map((type) => entry([link(type.name)])));
  return [list];
}

function entry(title, description) {
  const pair = document.createDocumentFragment(), term = make("dt");
  term.append(...title);
  pair.append(term);
  if (description) pair.append(make("dd", description));
  return pair;
}

function signature(field) {
  const parts = [make("span", field.name, "name")];
  if (field.args?.length) parts.push("(", ...field.args.flatMap((one, index) => [index ? ", " : "", one.name, ": ", link(named(one.type), written(one.type))]), ")");
  return [...parts, ": ", link(named(field.type), written(field.type))];
}

function typePage(type) {
  if (!type) return [make("p", "There is no such type.")];
  const list = make("dl");
  for (const field of [...(type.fields ?? []), ...(type.inputFields ?? [])]) list.append(entry(signature(field), field.description));
  for (const value of type.enumValues ?? []) list.append(entry([make("span", value.name, "keyword")], value.description));
  for (const other of type.possibleTypes ?? []) list.append(entry([link(other.name)]));
  return [make("h2", type.name), make("p", type.description), list];
}

function search(text) {
  const wanted = text.toLowerCase();
  if (!wanted) { showPage(trail); return; }
  const list = make("dl"), found = [];
  for (const type of types.values()) {
    if (type.name.startsWith("__")) continue;
    if (type.name.toLowerCase().includes(wanted)) found.push([[link(type.name)], type.description]);
    for (const field of type.fields ?? []) if (field.name.toLowerCase().includes(wanted)) found.push([[link(type.name), ".", ...signature(field)], field.description]);
  }
  list.append(...found.slice(0, 80).map(([title, description]) => entry(title, description)));
  at("page").replaceChildren(found.length ? list : make("p", "No type or field matches."));
}

// ── completion ──────────────────────────────────────────────────────────────────────────────────

const offers = at("offers");
let offered = [], chosen = 0;

/** The type whose fields are valid at the end of this text, or undefined. */
function typeAt(text) {
  const bare = text.replace(/#[^\n]*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"/g, " ");
  const stack = [];
  let current, selected, argumentsDeep = 0;
  for (const [token] of bare.matchAll(/\.\.\.\s*on\s+\w+|\.\.\.\s*\w+|[A-Za-z_]\w*|[{}()]/g)) {
    if (token === "(") argumentsDeep += 1;
    else if (token === ")") argumentsDeep -= 1;
    else if (argumentsDeep > 0) continue;
    else if (token === "{") {
      stack.push(current);
      if (stack.length === 1 && !current) current = types.get(roots[0]?.[1].name);
      else if (selected) { const field = current?.fields?.find((one) => one.name === selected); current = selected.type ?? (field && types.get(named(field.type))); }
      selected = undefined;
    } else if (token === "}") { current = stack.pop(); if (!stack.length) current = undefined; selected = undefined; }
    else if (/^\.\.\.\s*on\s/.test(token)) selected = { type: types.get(token.split(/\s+/).at(-1)) };
    else if (!stack.length) {
      const root = roots.find(([kind]) => kind === token);
      if (root) current = types.get(root[1].name);
      else if (types.has(token) && /fragment\s+\w+\s+on\s*$/.test(bare.slice(0, bare.lastIndexOf(token)))) current = types.get(token);
    } else selected = token;
  }
  return stack.length ? current : undefined;
}

function offer() {
  const before = query.value.slice(0, query.selectionStart);
  const started = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? "";
  const type = typeAt(before.slice(0, before.length - started.length));
  offered = (type?.fields ?? []).filter((one) => one.name.toLowerCase().startsWith(started.toLowerCase()));
  offered = offered.filter((one) => one.name !== started).slice(0, 60);
  if (!offered.length) { offers.hidden = true; return; }
  chosen = 0;
  offers.replaceChildren(...offered.map((field, index) => {
    const item = make("li", field.name);
    item.setAttribute("role", "option");
    item.append(make("span", written(field.type)));
    item.onmousedown = (event) => { event.preventDefault(); chosen = index; take(); };
    return item;
  }));
  const lines = before.split("\n");
  offers.style.setProperty("top", `${lines.length * 19.5 + 14 - query.scrollTop}px`);
  offers.style.setProperty("left", `${Math.max(8, lines.at(-1).length * 7.8 + 12 - query.scrollLeft)}px`);
  offers.hidden = false;
  mark();
}

function mark() {
  [...offers.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
  offers.children[chosen]?.scrollIntoView({ block: "nearest" });
}

function take() {
  const field = offered[chosen], end = query.selectionStart;
  const started = /[A-Za-z_]\w*$/.exec(query.value.slice(0, end))?.[0] ?? "";
  query.setRangeText(field.name, end - started.length, end, "end");
  offers.hidden = true;
  draw();
}

// ── keyboard and events ─────────────────────────────────────────────────────────────────────────

query.addEventListener("keydown", (event) => {
  if (!offers.hidden) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { chosen = (chosen + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length; mark(); event.preventDefault(); return; }
    if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.metaKey) { take(); event.preventDefault(); return; }
    if (event.key === "Escape") { offers.hidden = true; event.preventDefault(); return; }
  }
  if (event.key === " " && event.ctrlKey) { offer(); event.preventDefault(); }
  else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    const before = query.value.slice(0, query.selectionStart), indent = /(^|\n)([ \t]*)[^\n]*$/.exec(before)[2];
    query.setRangeText(`\n${indent}${/[{(]\s*$/.test(before) ? "  " : ""}`, query.selectionStart, query.selectionEnd, "end");
    event.preventDefault(); draw();
  }
});
query.addEventListener("input", (event) => { draw(); if (event.data && /\w/.test(event.data)) offer(); else offers.hidden = true; });
query.addEventListener("scroll", draw);
query.addEventListener("blur", () => { offers.hidden = true; });
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
  if (event.key.toLowerCase() === "p" && event.ctrlKey && event.shiftKey) { event.preventDefault(); formatDocument(); }
});
at("run").onclick = run;
at("stop").onclick = stop;
at("tidy").onclick = formatDocument;
at("search").oninput = (event) => search(event.target.value);
at("forget").onclick = () => { store("history", []); showHistory(); };
token.onchange = loadSchema;
variables.oninput = () => store("variables", variables.value); // headers may hold credentials, and are not stored
for (const [button, pane] of [["docs", "schema"], ["past", "history"]]) at(button).onclick = () => {
  at(pane).hidden = !at(pane).hidden;
  at(button).setAttribute("aria-expanded", String(!at(pane).hidden));
};
for (const name of ["variables", "headers"]) at(`tab-${name}`).onclick = () => {
  for (const other of ["variables", "headers"]) {
    at(`pane-${other}`).hidden = other !== name;
    at(`tab-${other}`).setAttribute("aria-selected", String(other === name));
  }
};

const address = new URLSearchParams(location.search);
query.value = address.get("query") ?? stored("query", FIRST);
variables.value = address.get("variables") ?? stored("variables", "");
draw();
showHistory();
loadSchema();
