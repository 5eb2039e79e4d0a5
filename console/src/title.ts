// The title of the tab: the page, the day that it shows if that is past, and the console.
import { useEffect } from "preact/hooks";

const NAME = "Keyframe";

const shown = { page: "", day: "" };

function show(part: Partial<typeof shown>): void {
  Object.assign(shown, part);
  document.title = [shown.page, shown.day, NAME].filter(Boolean).join(" · ");
}

/** Name the page, such as by the title of its objective; null while that is not known. */
export function usePageTitle(page: string | null): void {
  useEffect(() => {
    show({ page: page ?? "" });
    return () => show({ page: "" });
  }, [page]);
}

/** Name the day that all pages show; null for today. */
export function useDayTitle(day: string | null): void {
  useEffect(() => {
    show({ day: day ?? "" });
    return () => show({ day: "" });
  }, [day]);
}
