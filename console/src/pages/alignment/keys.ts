// The keys of a tree, by the WAI-ARIA pattern: arrows, Home, End, Enter, and the first letter of a title.

const ITEM = '[role="treeitem"]';

/** Focus the item that a key leads to, unfold or fold the present one, or follow its link. */
export function focusIn(tree: HTMLElement, event: KeyboardEvent, toggle: (id: string) => void): void {
  const item = (event.target as HTMLElement).closest<HTMLElement>(ITEM);
  if (!item || event.ctrlKey || event.altKey || event.metaKey) return;
  const isOpen = item.getAttribute("aria-expanded");
  const { key } = event;
  if ((key === "ArrowRight" && isOpen === "false") || (key === "ArrowLeft" && isOpen === "true")) toggle(item.dataset["id"]!);
  else if (key === "Enter" || key === " ") item.querySelector<HTMLElement>("a, button")?.click();
  else {
    const next = nextOf([...tree.querySelectorAll<HTMLElement>(ITEM)], item, key);
    if (next === undefined) return;
    next?.focus();
  }
  event.preventDefault();
}

/** The item that a key leads to; null for none, undefined for a key that leads nowhere. */
function nextOf(items: HTMLElement[], item: HTMLElement, key: string): HTMLElement | null | undefined {
  const place = items.indexOf(item);
  switch (key) {
    case "ArrowDown": return items[place + 1] ?? null;
    case "ArrowUp": return items[place - 1] ?? null;
    case "ArrowRight": return item.nextElementSibling?.querySelector<HTMLElement>(ITEM) ?? null;
    case "ArrowLeft": return item.closest('[role="group"]')?.parentElement?.querySelector<HTMLElement>(ITEM) ?? null;
    case "Home": return items[0] ?? null;
    case "End": return items.at(-1) ?? null;
  }
  if (key.length !== 1) return undefined;
  return [...items.slice(place + 1), ...items.slice(0, place)].find((one) => startsWith(one, key)) ?? null;
}

const startsWith = (item: HTMLElement, letter: string): boolean =>
  (item.querySelector(".leaf-title")?.textContent ?? "").toLocaleLowerCase().startsWith(letter.toLocaleLowerCase());
