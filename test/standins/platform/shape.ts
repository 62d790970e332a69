import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

export interface Misfit {
  path: string[];
  why: string;
}

/** What one value may look like, from the platform's published types. */
export interface Shapes {
  /** What does not fit; empty when it fits. Fields that the types do not know fit. */
  problems(type: string, value: unknown): Misfit[];
  /** Fields that the types do not know, in a value that fits. */
  unknown(type: string, value: unknown): Misfit[];
}

interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  properties?: Record<string, { const?: unknown }>;
}

interface Root {
  properties: Record<string, Schema>;
  definitions: Record<string, Schema>;
}

/** Reads the JSON schema that `scripts/chat-schemas.ts` generated from a package of types. */
export function shapes(file: URL): Shapes {
  const text = readFileSync(file, 'utf8').replaceAll('"#/definitions/', '"types#/definitions/');
  const open = new Judge(text.replaceAll(',"additionalProperties":false', ''));
  const closed = new Judge(text);
  return {
    problems: (type, value) => open.judge(type, value),
    unknown: (type, value) => closed.judge(type, value),
  };
}

class Judge {
  readonly #root: Root;
  readonly #ajv = new Ajv({ strict: false, verbose: true });
  #compiled = new Map<string, ValidateFunction>();

  constructor(text: string) {
    this.#root = JSON.parse(text) as Root;
    this.#ajv.addSchema(this.#root, 'types');
  }

  judge(type: string, value: unknown): Misfit[] {
    const schema = this.#root.properties[type];
    if (schema === undefined) throw new Error(`there is no type ${type}`);
    return this.#explain(schema, value, []);
  }

  /** Of a union only the member that was meant says anything: the one whose `type` is that of the value. */
  #explain(schema: Schema, value: unknown, at: readonly string[]): Misfit[] {
    const key = JSON.stringify(schema);
    const validate = this.#compiled.get(key) ?? this.#ajv.compile(schema);
    this.#compiled.set(key, validate);
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    // The outermost comes last.
    const [union] = errors
      .filter(({ keyword }) => keyword === 'anyOf')
      .toReversed()
      .toSorted((one, other) => depth(one) - depth(other));
    if (union === undefined) return errors.map((error) => misfit(error, at));
    const path = [...at, ...steps(union)];
    const type = (union.data as { type?: unknown } | null)?.type;
    const members = (union.schema as Schema[]).flatMap((member) => this.#flat(member));
    const meant = members.filter((member) => this.#follow(member).properties?.['type']?.const === type);
    if (meant[0] !== undefined && type !== undefined) {
      // Two members may have one type (buttons with a link and without): the one that comes nearest speaks.
      const found = meant.map((member) => this.#explain(member, union.data, path));
      return found.reduce((least, one) => (one.length < least.length ? one : least));
    }
    if (
      type !== undefined &&
      members.some((member) => this.#follow(member).properties?.['type'] !== undefined)
    )
      return [{ path: [...path, 'type'], why: `unsupported type: ${JSON.stringify(type)}` }];
    return errors
      .filter((error) => error !== union)
      .slice(0, 4)
      .map((error) => misfit(error, at));
  }

  #flat(member: Schema): Schema[] {
    const { anyOf } = this.#follow(member);
    return anyOf === undefined ? [member] : anyOf.flatMap((one) => this.#flat(one));
  }

  #follow(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const name = decodeURIComponent(schema.$ref.slice('types#/definitions/'.length));
    return this.#follow(this.#root.definitions[name] ?? {});
  }
}

const steps = ({ instancePath }: ErrorObject): string[] =>
  instancePath.split('/').filter((part) => part !== '');
const depth = (error: ErrorObject): number => steps(error).length;
const misfit = (error: ErrorObject, at: readonly string[]): Misfit => ({
  path: [...at, ...steps(error)],
  why: `${error.message ?? error.keyword} ${JSON.stringify(error.params)}`,
});
