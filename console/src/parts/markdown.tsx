// Users' Markdown, as far as notes need it: paragraphs, lists, emphasis, code and links. No HTML and no images; links
// lead to http, https and mailto only.
import type { ComponentChildren } from "preact";

export function Markdown({ text }: { text: string }) {
  return <div class="markdown">{text.trim().split(/\n{2,}/).map((block, place) => <Block key={place} text={block} />)}</div>;
}

function Block({ text }: { text: string }) {
  const lines = text.split("\n");
  if (lines.every((line) => /^\s*[-*+] /.test(line))) {
    return <ul>{lines.map((line, place) => <li key={place}>{inline(line.replace(/^\s*[-*+] /, ""))}</li>)}</ul>;
  }
  if (lines.every((line) => /^\s*\d+[.)] /.test(line))) {
    return <ol>{lines.map((line, place) => <li key={place}>{inline(line.replace(/^\s*\d+[.)] /, ""))}</li>)}</ol>;
  }
  const heading = /^#{1,6} (.*)$/.exec(text);
  return heading ? <p><b>{inline(heading[1]!)}</b></p> : <p>{inline(text)}</p>;
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])[*_]([^*_]+)[*_](?![\w*])|\[([^\]]+)\]\(([^()\s]+)\)/g;

function inline(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    parts.push(text.slice(end, found.index));
    const [whole, code, strong, emphasis, label, address] = found;
    if (code !== undefined) parts.push(<code>{code}</code>);
    else if (strong !== undefined) parts.push(<b>{strong}</b>);
    else if (emphasis !== undefined) parts.push(<em>{emphasis}</em>);
    else if (label !== undefined && isAllowed(address!)) parts.push(<a href={address} rel="noopener noreferrer nofollow" target="_blank">{label}</a>);
    else parts.push(whole);
    end = found.index + whole.length;
  }
  parts.push(text.slice(end));
  return parts;
}

/** Whether a link may lead there. */
function isAllowed(address: string): boolean {
  return URL.canParse(address) && ["http:", "https:", "mailto:"].includes(new URL(address).protocol);
}
