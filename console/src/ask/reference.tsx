// The types of the schema, to look up beside the editor.
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, isUnionType, getNamedType, type GraphQLArgument, type GraphQLNamedType, type GraphQLSchema, type GraphQLType } from "graphql";
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";

const FOUND_MAX = 60;

/** A type and perhaps one of its fields. */
export interface Place {
  type: string;
  field?: string;
}

interface Props {
  schema: GraphQLSchema | null;
  /** Why there is no schema. */
  fault: string | null;
  trail: Place[];
  go: (trail: Place[]) => void;
}

export function Reference({ schema, fault, trail, go }: Props) {
  const [wanted, setWanted] = useState("");
  if (schema === null) return <p class="help" role="status">{fault ?? "Loading the schema …"}</p>;
  const open = (type: string) => {
    setWanted("");
    go([...trail, { type }]);
  };
  const place = trail.at(-1);
  const type = place && schema.getType(place.type);
  return (
    <>
      <input type="search" aria-label="Search types and fields" placeholder="Search types and fields" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
      {trail.length > 0 && wanted === "" && (
        <p class="trail">
          <button type="button" class="quiet" onClick={() => go([])}>Schema</button>
          {trail.map((one, index) => <span key={index}> › <button type="button" class="quiet" onClick={() => go(trail.slice(0, index + 1))}>{one.type}</button></span>)}
        </p>
      )}
      {wanted !== "" ? <Found schema={schema} wanted={wanted} open={open} />
        : type ? <Type type={type} schema={schema} field={place.field} open={open} />
        : <Roots schema={schema} open={open} />}
    </>
  );
}

type Open = (type: string) => void;

function Roots({ schema, open }: { schema: GraphQLSchema; open: Open }) {
  const roots = { query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() };
  return (
    <dl>
      {Object.entries(roots).map(([kind, type]) => type && (
        <Entry key={kind} term={<>{kind}: <Name type={type} open={open} /></>} text={type.description} />
      ))}
    </dl>
  );
}

function Type({ type, schema, field, open }: { type: GraphQLNamedType; schema: GraphQLSchema; field?: string; open: Open }) {
  const fields = isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : [];
  const possible = isInterfaceType(type) || isUnionType(type) ? schema.getPossibleTypes(type) : [];
  const sorted = field === undefined ? fields : fields.toSorted((one, other) => Number(other.name === field) - Number(one.name === field));
  return (
    <>
      <h3>{type.name}</h3>
      {type.description && <p class="help">{type.description}</p>}
      <dl>
        {sorted.map((one) => (
          <Entry key={one.name} isMarked={one.name === field} text={one.deprecationReason ? `Deprecated: ${one.deprecationReason}` : one.description}
            term={<>{one.name}{"args" in one && <Arguments of={one.args} open={open} />}: <Name type={one.type} open={open} /></>} />
        ))}
        {isEnumType(type) && type.getValues().map((one) => <Entry key={one.name} term={one.name} text={one.description} />)}
        {possible.map((one) => <Entry key={one.name} term={<Name type={one} open={open} />} text={one.description} />)}
      </dl>
    </>
  );
}

function Arguments({ of, open }: { of: readonly GraphQLArgument[]; open: Open }) {
  if (of.length === 0) return null;
  return <>({of.map((one, index) => <span key={one.name} title={one.description ?? undefined}>{index > 0 && ", "}{one.name}: <Name type={one.type} open={open} /></span>)})</>;
}

const Name = ({ type, open }: { type: GraphQLType; open: Open }) => (
  <button type="button" class="quiet" onClick={() => open(getNamedType(type).name)}>{String(type)}</button>
);

function Entry({ term, text, isMarked = false }: { term: ComponentChildren; text?: string | null; isMarked?: boolean }) {
  return <><dt class={isMarked ? "marked" : undefined}>{term}</dt>{text && <dd>{text}</dd>}</>;
}

/** Types and fields whose name has the text. */
function Found({ schema, wanted, open }: { schema: GraphQLSchema; wanted: string; open: Open }) {
  const found = useMemo(() => search(schema, wanted.toLowerCase()), [schema, wanted]);
  if (found.length === 0) return <p class="help">No type or field has this in its name.</p>;
  return <dl>{found.slice(0, FOUND_MAX).map(({ type, field, text }) => <Entry key={`${type}.${field}`} term={<><button type="button" class="quiet" onClick={() => open(type)}>{type}</button>{field && `.${field}`}</>} text={text} />)}</dl>;
}

function search(schema: GraphQLSchema, wanted: string): { type: string; field?: string; text?: string | null }[] {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
  const named = types.filter(({ name }) => name.toLowerCase().includes(wanted)).map((type) => ({ type: type.name, text: type.description }));
  const fields = types.flatMap((type) => ("getFields" in type ? Object.values(type.getFields()).map((field) => ({ type: type.name, field: field.name, text: field.description })) : []));
  return [...named, ...fields.filter(({ field }) => field.toLowerCase().includes(wanted))];
}
