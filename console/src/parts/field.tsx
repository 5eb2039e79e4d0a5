// One field of a form: its label, what is written, and what the server refuses about it.
import { type Problem, Refusals } from "./command";

interface Props {
  id: string;
  label: string;
  value: string;
  set: (value: string) => void;
  problems: Problem[];
  type?: "text" | "date";
  placeholder?: string;
  /** Whether a number is wanted, which phones have keys for. */
  isNumber?: boolean;
  isWide?: boolean;
  isOptional?: boolean;
  /** The last day of a date. */
  max?: string;
}

export function Field({ id, label, value, set, problems, type = "text", placeholder, isNumber = false, isWide = false, isOptional = false, max }: Props) {
  return (
    <div class={isWide ? "field-block wide" : "field-block"}>
      <label for={id}>{label}</label>
      <input id={id} type={type} value={value} placeholder={placeholder} max={max} inputMode={isNumber ? "decimal" : undefined} required={!isOptional} autocomplete="off"
        aria-invalid={problems.length > 0} aria-describedby={`${id}-problems`} onInput={(event) => set(event.currentTarget.value)} />
      <div id={`${id}-problems`}><Refusals problems={problems} /></div>
    </div>
  );
}
