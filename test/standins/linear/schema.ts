import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  isEnumType,
  isListType,
  isNonNullType,
  isScalarType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';

/*
 * The schema of Linear's API out of the types of the installed @linear/sdk, which Linear generates from the schema: they
 * say the same but for directives. So a document that the real API would refuse is refused here.
 */

const DIST = path.resolve('node_modules/@linear/sdk/dist');
let built: GraphQLSchema | undefined;

export const linearSchema = (): GraphQLSchema => (built ??= buildSchema(sdl(), { assumeValid: true }));

interface Shape {
  kind: 'object' | 'enum' | 'union';
  /** Is a type of answers: it has a `__typename`. */
  typename: boolean;
  parents: string[];
  fields: [name: string, optional: boolean, type: string][];
  values: string[];
}

function sdl(): string {
  const shapes = read();
  const scalars = new Set(['ID', 'String', 'Boolean', 'Int', 'Float']);
  const custom = new Set<string>();
  const typeOf = (text: string): string => {
    const [, list] = /^Array<(.*)>$/.exec(text) ?? [];
    if (list !== undefined) {
      const [, maybe] = /^(?:Input)?Maybe<(.*)>$/.exec(list) ?? [];
      return maybe === undefined ? `[${typeOf(list)}!]` : `[${typeOf(maybe)}]`;
    }
    const [, scalar] = /^Scalars\["(\w+)"\]$/.exec(text) ?? [];
    if (scalar !== undefined && !scalars.has(scalar)) custom.add(scalar);
    const name = scalar ?? text;
    if (!/^\w+$/.test(name)) throw new Error(`a type that is none: ${text}`);
    return name;
  };
  const outer = (optional: boolean, text: string): string => {
    const [, maybe] = /^(?:Input)?Maybe<(.*)>$/.exec(text) ?? [];
    return maybe === undefined ? `${typeOf(text)}${optional ? '' : '!'}` : typeOf(maybe);
  };
  const fieldsOf = (name: string, shape: Shape): string =>
    shape.fields
      .map(([field, optional, type]) => {
        const args = shapes.get(`${name}${field.charAt(0).toUpperCase()}${field.slice(1)}Args`);
        const given = args?.fields.map(([arg, maybe, of]) => `${arg}: ${outer(maybe, of)}`).join(', ');
        return `  ${field}${given === undefined || given === '' ? '' : `(${given})`}: ${outer(optional, type)}`;
      })
      .join('\n');
  const interfaces = new Set([...shapes.values()].flatMap(({ parents }) => parents));
  const inherited = (shape: Shape): Shape['fields'] =>
    shape.parents.flatMap((parent) => {
      const base = shapes.get(parent);
      return base === undefined ? [] : [...inherited(base), ...base.fields];
    });

  const parts: string[] = [];
  const waiting = ['Query', 'Mutation', 'EntityWebhookPayload', 'EntityActorWebhookPayload'];
  const done = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const shape = shapes.get(name);
    if (done.has(name) || shape === undefined) continue;
    done.add(name);
    const all = new Map([...inherited(shape), ...shape.fields].map((field) => [field[0], field]));
    const whole = { ...shape, fields: [...all.values()] };
    if (shape.kind === 'enum') parts.push(`enum ${name} { ${shape.values.join(' ')} }`);
    else if (shape.kind === 'union') parts.push(`union ${name} = ${shape.values.join(' | ')}`);
    else {
      const kind = interfaces.has(name) ? 'interface' : shape.typename ? 'type' : 'input';
      const from = shape.parents.length === 0 ? '' : ` implements ${shape.parents.join(' & ')}`;
      parts.push(`${kind} ${name}${from} {\n${fieldsOf(name, whole)}\n}`);
      if (kind === 'interface')
        waiting.push(...[...shapes].filter(([, { parents }]) => parents.includes(name)).map(([one]) => one));
    }
    const text = JSON.stringify([whole.fields, shape.kind === 'union' ? shape.values : [], shape.parents]);
    waiting.push(...[...text.matchAll(/\w+/g)].map(([word]) => word).filter((word) => shapes.has(word)));
    for (const [field] of whole.fields) {
      const args = shapes.get(`${name}${field.charAt(0).toUpperCase()}${field.slice(1)}Args`);
      for (const [, , type] of args?.fields ?? [])
        waiting.push(...[...type.matchAll(/\w+/g)].map(([word]) => word));
    }
  }
  return [...[...custom].map((name) => `scalar ${name}`), ...parts].join('\n');
}

function read(): Map<string, Shape> {
  const file = readdirSync(DIST).find((name) => /^index-.*\.d\.mts$/.test(name));
  if (file === undefined) throw new Error('the types of @linear/sdk are somewhere else');
  const shapes = new Map<string, Shape>();
  let open: Shape | undefined;
  for (const line of readFileSync(path.join(DIST, file), 'utf8').split('\n')) {
    // From here on come the documents of the SDK.
    if (/^type \w+Fragment = /.test(line)) break;
    const begun = /^type (\w+) = ((?:\w+ & )*)\{$/.exec(line);
    const enumeration = /^declare enum (\w+) \{$/.exec(line);
    const union = /^type (\w+) = (\w+(?: \| \w+)*);$/.exec(line);
    if (begun?.[1] !== undefined && !shapes.has(begun[1])) {
      const parents = (begun[2] ?? '').split(' & ').filter((part) => part !== '');
      open = { kind: 'object', typename: false, parents, fields: [], values: [] };
      shapes.set(begun[1], open);
    } else if (enumeration?.[1] !== undefined) {
      open = { kind: 'enum', typename: false, parents: [], fields: [], values: [] };
      shapes.set(enumeration[1], open);
    } else if (union?.[1] !== undefined && union[2] !== undefined)
      shapes.set(union[1], {
        kind: 'union',
        typename: true,
        parents: [],
        fields: [],
        values: union[2].split(' | '),
      });
    else if (line.startsWith('}')) open = undefined;
    else if (open !== undefined) {
      const value = /^ {2}\w+ = "([^"]+)",$/.exec(line);
      const field = /^ {2}(\w+)(\??): (.+);$/.exec(line);
      if (open.kind === 'enum' && value?.[1] !== undefined) open.values.push(value[1]);
      else if (field?.[1] === '__typename') open.typename = true;
      else if (open.kind === 'object' && field?.[1] !== undefined && field[3] !== undefined)
        open.fields.push([field[1], field[2] === '?', field[3]]);
    }
  }
  // Names of TypeScript, not of the schema.
  shapes.delete('Scalars');
  return shapes;
}

/** Something for a field that must not be null and that this world knows nothing of. */
export function blank(type: GraphQLOutputType): unknown {
  if (!isNonNullType(type)) return null;
  const inner: unknown = type.ofType;
  if (isListType(inner)) return [];
  if (isEnumType(inner)) return inner.getValues()[0]?.value;
  if (!isScalarType(inner)) return {};
  return (
    { Boolean: false, Int: 0, Float: 0, DateTime: '2026-01-01T00:00:00.000Z', JSONObject: {} }[inner.name] ??
    ''
  );
}

/** As the schema has it: what must be there is, and what it does not know throws. */
export function shaped(type: string, given: Record<string, unknown>): Record<string, unknown> {
  const of = linearSchema().getType(type);
  if (of === undefined || !('getFields' in of)) throw new Error(`Linear has no ${type}`);
  const fields = of.getFields();
  for (const name of Object.keys(given))
    if (!Object.hasOwn(fields, name)) throw new Error(`${type} of Linear has no ${name}`);
  const full: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name] ?? ('args' in field ? blank(field.type) : null);
    if (value !== null) full[name] = value;
  }
  return full;
}
