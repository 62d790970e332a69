import { MAX_DEPTH } from '../../json-body.ts';

/** An API description that was read. */
export interface SchemaDocument {
  kind: 'OpenAPI' | 'JSON Schema';
  /** `3.1.0`, or the dialect. */
  version: string;
  value: Record<string, unknown>;
}

/** It is not what it should be; the message is for people. */
export class NoSchema extends Error {}

/** Dialects of JSON Schema that are checked. */
const DIALECTS: Readonly<Record<string, 'ajv' | 'ajv/dist/2019.js' | 'ajv/dist/2020.js'>> = {
  'http://json-schema.org/draft-07/schema': 'ajv',
  'https://json-schema.org/draft/2019-09/schema': 'ajv/dist/2019.js',
  'https://json-schema.org/draft/2020-12/schema': 'ajv/dist/2020.js',
};

/** Reads and validates. External references are not followed. @throws {NoSchema} */
export async function readSchema(bytes: Buffer, format: 'json' | 'yaml'): Promise<SchemaDocument> {
  const value = format === 'json' ? fromJson(textOf(bytes)) : await fromYaml(textOf(bytes));
  if (!isObject(value)) throw new NoSchema('it is no object');
  if (!isShallow(value, 0)) throw new NoSchema(`it is nested deeper than ${MAX_DEPTH * 2}`);
  const { openapi, swagger, $schema } = value;
  if (typeof openapi === 'string' || typeof swagger === 'string') {
    const { Validator } = await import('@seriousme/openapi-schema-validator');
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(value));
    if (!valid) throw new NoSchema(`it is no valid OpenAPI: ${shown(errors)}`);
    return { kind: 'OpenAPI', version: String(openapi ?? swagger), value };
  }
  if (typeof $schema !== 'string') throw new NoSchema('it names neither openapi nor $schema');
  const dialect = DIALECTS[$schema.replace(/#$/, '')];
  if (dialect === undefined)
    throw new NoSchema(
      `the dialect ${$schema.slice(0, 100)} is not known here; draft-07, 2019-09 and 2020-12 are`,
    );
  const { Ajv } =
    dialect === 'ajv'
      ? await import('ajv')
      : dialect === 'ajv/dist/2019.js'
        ? { Ajv: (await import('ajv/dist/2019.js')).Ajv2019 }
        : { Ajv: (await import('ajv/dist/2020.js')).Ajv2020 };
  const ajv = new Ajv({ strict: false, logger: false, validateFormats: false });
  if (ajv.validateSchema(value) !== true)
    throw new NoSchema(`it is no valid JSON Schema: ${shown(ajv.errors)}`);
  return { kind: 'JSON Schema', version: $schema, value };
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) throw new NoSchema('it is not UTF-8');
  return text;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NoSchema('it is no JSON', { cause: error });
  }
}

async function fromYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    // The library's own bound on aliases keeps a small file small.
    return parse(text, { maxAliasCount: 100, logLevel: 'silent' }) as unknown;
  } catch (error) {
    throw new NoSchema('it is no YAML', { cause: error });
  }
}

function isShallow(value: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH * 2) return false;
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every((one) => isShallow(one, depth + 1));
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(errors: unknown): string {
  if (typeof errors === 'string') return errors.slice(0, 300);
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (!isObject(first)) return 'no reason given';
  return `${String(first['instancePath']) || '/'} ${String(first['message'])}`.slice(0, 300);
}
