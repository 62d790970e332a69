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

/** Reads the JSON schema that `scripts/chat-schemas.ts` generated from a package of types. */
export function shapes(file: URL): Shapes {
  const text = readFileSync(file, 'utf8');
  const open = compiler(text.replaceAll(',"additionalProperties":false', ''), file);
  const closed = compiler(text, file);
  return { problems: open, unknown: closed };
}

function compiler(text: string, file: URL): (type: string, value: unknown) => Misfit[] {
  const schema = JSON.parse(text) as { properties: object };
  const ajv = new Ajv({ strict: false, allErrors: false });
  ajv.addSchema(schema, 'types');
  const compiled = new Map<string, ValidateFunction>();
  return (type, value) => {
    if (!(type in schema.properties)) throw new Error(`no type ${type} in ${file.pathname}`);
    let validate = compiled.get(type);
    if (validate === undefined) {
      validate = ajv.compile({ $ref: `types#/properties/${type}` });
      compiled.set(type, validate);
    }
    if (validate(value)) return [];
    return meant(validate.errors ?? []).map(({ instancePath, message, keyword, params }) => ({
      path: instancePath.split('/').filter((part) => part !== ''),
      why: `${message ?? keyword} ${JSON.stringify(params)}`,
    }));
  };
}

/** Of a union only the branch that was meant says anything: the one whose `type` fits, and that came furthest. */
function meant(errors: readonly ErrorObject[]): ErrorObject[] {
  const fitting = errors.filter(
    ({ keyword, instancePath }) =>
      keyword !== 'anyOf' && !(keyword === 'const' && instancePath.endsWith('/type')),
  );
  const left = fitting.length > 0 ? fitting : errors;
  const depth = Math.max(...left.map(({ instancePath }) => instancePath.split('/').length));
  return left.filter(({ instancePath }) => instancePath.split('/').length === depth).slice(0, 8);
}
