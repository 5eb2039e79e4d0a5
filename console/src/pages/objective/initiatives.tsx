// The initiatives of an objective and its key results as a board: a column for each state, and cards that are moved.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import type { InitiativeCardFragment, InitiativeState, ObjectivePageFragment } from "../../generated/graphql";
import { otherProblems, problemsOf, Refusals, useCommand } from "../../parts/command";
import { Field } from "../../parts/field";
import { useMayEdit } from "../../parts/may";
import { ahead, isGiven, onDay } from "../../parts/words";
import { MOVE_INITIATIVE, PLAN_INITIATIVE } from "./work-documents";

const COLUMNS: [InitiativeState, string][] = [["TODO", "To do"], ["DOING", "In progress"], ["DONE", "Done"], ["CANCELLED", "Cancelled"]];

interface Card {
  initiative: InitiativeCardFragment;
  /** The title of the key result that it is for; null for the objective itself. */
  keyResult: string | null;
  isMovable: boolean;
}

export function Initiatives({ objective }: { objective: ObjectivePageFragment }) {
  const may = useMayEdit();
  const people = [objective.owner, ...objective.contributors, objective.team?.lead];
  const cards: Card[] = [
    ...objective.initiatives.map((initiative) => ({ initiative, keyResult: null, isMovable: may(...people, initiative.owner) })),
    ...objective.keyResults.flatMap((one) => one.initiatives.map((initiative) => ({ initiative, keyResult: one.title, isMovable: may(...people, one.owner, initiative.owner) }))),
  ];
  const mayPlan = may(...people);
  if (cards.length === 0 && !mayPlan) return null;
  return (
    <section aria-label="Initiatives">
      <h2>Initiatives</h2>
      {cards.length === 0 ? <p class="help">No work is planned for this objective yet.</p> : <Board cards={cards} />}
      {mayPlan && <Plan objective={objective} />}
    </section>
  );
}

function Board({ cards }: { cards: Card[] }) {
  const { send, problems } = useCommand(MOVE_INITIATIVE);
  const [moved, setMoved] = useState<string | null>(null);
  const [over, setOver] = useState<InitiativeState | null>(null);
  const move = (initiative: string, to: InitiativeState) => {
    setMoved(initiative);
    void send({ initiative, to });
  };
  const columns = COLUMNS.filter(([state]) => state !== "CANCELLED" || cards.some(({ initiative }) => initiative.state === state));
  const drop = (event: DragEvent, state: InitiativeState) => {
    event.preventDefault();
    setOver(null);
    const dragged = cards.find(({ initiative, isMovable }) => isMovable && initiative.entityId === event.dataTransfer?.getData("text/plain"));
    if (dragged && dragged.initiative.state !== state) move(dragged.initiative.entityId, state);
  };
  return (
    <div class="columns">
      {columns.map(([state, name]) => {
        const inside = cards.filter(({ initiative }) => initiative.state === state);
        return (
          <section key={state} class={`column${over === state ? " over" : ""}`} aria-label={name}
            onDragOver={(event) => { event.preventDefault(); setOver(state); }} onDragLeave={() => setOver(null)} onDrop={(event) => drop(event, state)}>
            <h3>{name} <span class="count">{inside.length}</span></h3>
            <ul>
              {inside.map((card) => (
                <Initiative key={card.initiative.entityId} card={card} move={move}>
                  {moved === card.initiative.entityId && <Refusals problems={problems} />}
                </Initiative>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

interface InitiativeProps {
  card: Card;
  move: (initiative: string, to: InitiativeState) => void;
  children: ComponentChildren;
}

function Initiative({ card: { initiative, keyResult, isMovable }, move, children }: InitiativeProps) {
  const { entityId, title, state, owner, due } = initiative;
  const isLate = isGiven(due) && due < ahead(0) && (state === "TODO" || state === "DOING");
  return (
    <li class="initiative" draggable={isMovable} onDragStart={(event) => event.dataTransfer?.setData("text/plain", entityId)}>
      <p class={state === "CANCELLED" ? "cancelled" : undefined}>{title}</p>
      {keyResult && <small>for {keyResult}</small>}
      <div class="initiative-foot">
        <small>{owner?.name ?? "No owner"}{due && <> · <span class={isLate ? "late-text" : undefined}>due {onDay(due)}{isLate && ", late"}</span></>}</small>
        {isMovable && (
          <select aria-label={`State of ${title}`} value={state} onChange={(event) => move(entityId, event.currentTarget.value as InitiativeState)}>
            {COLUMNS.map(([one, name]) => <option key={one} value={one}>{name}</option>)}
          </select>
        )}
      </div>
      {children}
    </li>
  );
}

function Plan({ objective }: { objective: ObjectivePageFragment }) {
  const { send, problems, isSending } = useCommand(PLAN_INITIATIVE);
  const [isOpen, setOpen] = useState(false);
  const [title, setTitle] = useState("");
  const [subject, setSubject] = useState(objective.entityId);
  const [due, setDue] = useState("");
  if (!isOpen) return <button type="button" class="quiet" onClick={() => setOpen(true)}>Add an initiative</button>;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!(await send({ title, subject, due: due || null }))) return;
    setTitle("");
    setOpen(false);
  };
  return (
    <form class="short-form" onSubmit={submit}>
      <div class="field-block wide">
        <label for="initiative-title">What is to be done</label>
        <input id="initiative-title" required maxLength={300} value={title} onInput={(event) => setTitle(event.currentTarget.value)} ref={(input) => { if (title === "") input?.focus(); }} />
        <Refusals problems={problemsOf(problems, "title")} />
      </div>
      <div class="field-block">
        <label for="initiative-subject">For</label>
        <select id="initiative-subject" value={subject} onChange={(event) => setSubject(event.currentTarget.value)}>
          <option value={objective.entityId}>the objective</option>
          {objective.keyResults.map((one) => <option key={one.entityId} value={one.entityId}>{one.title}</option>)}
        </select>
      </div>
      <Field id="initiative-due" label="Due" type="date" isOptional value={due} set={setDue} problems={problemsOf(problems, "due")} />
      <div class="actions">
        <Refusals problems={otherProblems(problems, ["title", "due"])} />
        <button type="button" class="quiet" onClick={() => setOpen(false)}>Cancel</button>
        <button type="submit" class="main" disabled={isSending}>Add</button>
      </div>
    </form>
  );
}
