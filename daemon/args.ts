import { z } from 'zod';
import type { ArgSpec, ArgType } from '../contracts/catalogue.ts';

/** What a front end needs to know of an argument beside its schema. */
interface ArgMeta {
  arg: ArgType;
  about: string;
  position?: number;
  choices?: readonly string[];
  negatable?: boolean;
}
interface Options {
  /** Order among positional arguments, from 0. */
  position?: number;
  max?: number;
}

const meta = z.registry<ArgMeta>();

function register<S extends z.ZodType>(schema: S, value: ArgMeta): S {
  meta.add(schema, value);
  return schema;
}
const text =
  (kind: ArgType) =>
  (about: string, options: Options = {}) =>
    register(
      z
        .string()
        .min(1)
        .max(options.max ?? 300),
      {
        arg: kind,
        about,
        ...(options.position === undefined ? {} : { position: options.position }),
      },
    );

/** Builders for command arguments: a zod schema that also says how front ends show and parse it. */
export const arg = {
  string: text('string'),
  project: text('project'),
  environment: text('environment'),
  runbook: text('runbook'),
  job: text('job'),
  grant: text('grant'),
  request: text('request'),
  person: text('person'),
  schedule: text('schedule'),
  duration: text('duration'),
  integer: (about: string, range: { min?: number; max?: number } = {}) =>
    register(
      z
        .int()
        .min(range.min ?? 0)
        .max(range.max ?? 1_000_000_000),
      { arg: 'integer', about },
    ),
  boolean: (about: string, options: { negatable?: boolean } = {}) =>
    register(z.boolean(), { arg: 'boolean', about, ...options }),
  list: (about: string, options: Options = {}) =>
    register(z.array(z.string().min(1).max(1000)).max(options.max ?? 100), {
      arg: 'list',
      about,
      ...(options.position === undefined ? {} : { position: options.position }),
    }),
  choice: <const T extends readonly [string, ...string[]]>(
    choices: T,
    about: string,
    options: Options = {},
  ) =>
    register(z.enum(choices), {
      arg: 'enum',
      about,
      choices,
      ...(options.position === undefined ? {} : { position: options.position }),
    }),
};

/** The catalogue's view of an arguments object built with `arg`. Throws at boot for a field without meta data. */
export function argSpecs(schema: z.ZodObject): ArgSpec[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { inner, required, fallback } = unwrap(field as z.ZodType);
    const found = meta.get(inner);
    if (found === undefined) throw new TypeError(`argument ${name} was not built with arg.*`);
    return {
      name,
      flag: name.replaceAll('_', '-'),
      type: found.arg,
      description: found.about,
      required,
      ...(found.position === undefined ? {} : { position: found.position }),
      ...(found.choices === undefined ? {} : { choices: [...found.choices] }),
      ...(fallback === undefined ? {} : { default: fallback }),
      ...(found.negatable === undefined ? {} : { negatable: found.negatable }),
    };
  });
}

function unwrap(field: z.ZodType): {
  inner: z.ZodType;
  required: boolean;
  fallback?: string | number | boolean;
} {
  if (field instanceof z.ZodOptional) return { ...unwrap(field.unwrap() as z.ZodType), required: false };
  if (field instanceof z.ZodDefault) {
    const value: unknown = field.def.defaultValue;
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return {
      ...unwrap(field.unwrap() as z.ZodType),
      required: false,
      ...(plain ? { fallback: value } : {}),
    };
  }
  return { inner: field, required: true };
}
