import type { z } from 'zod';
import type { Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { argSpecs } from '../args.ts';
import { canonical } from '../canonical.ts';
import { compiled } from '../compiled.ts';
import { digestOf } from '../digest.ts';
import type { Action } from '../ports/actions.ts';
import { suggest } from '../suggest.ts';

const SINGLE_SPACED = /^[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)*$/;

/** Actions by every name they answer to. Boot fails on a name that is taken or malformed. */
export function indexActions(actions: readonly Action[]): Map<string, Action> {
  const byName = new Map<string, Action>();
  for (const action of actions)
    for (const name of [action.name, ...(action.aliases ?? [])]) {
      if (!SINGLE_SPACED.test(name)) throw new TypeError(`action name "${name}" is malformed`);
      if (byName.has(name)) throw new TypeError(`action name "${name}" is registered twice`);
      byName.set(name, action);
    }
  return byName;
}

export function commandSpec(action: Action, runbook?: string): CommandSpec {
  const conceal = action.kind === 'admin' ? (action.conceal ?? []) : [];
  return {
    name: action.name,
    summary: action.summary,
    ...(action.description === undefined ? {} : { description: action.description }),
    group: action.group,
    verb: action.verb,
    kind: action.kind,
    destructive:
      action.kind === 'privileged'
        ? action.destructive
        : action.kind === 'admin' && action.preview !== undefined,
    args: argSpecs(action.args).map((spec) =>
      conceal.includes(spec.name) ? { ...spec, concealed: true } : spec,
    ),
    examples: [...action.examples],
    aliases: [...(action.aliases ?? [])],
    ...(action.hears === undefined ? {} : { menu: action.hears.menu }),
    ...(runbook === undefined ? {} : { runbook }),
  };
}

export function makeCatalogue(commands: CommandSpec[], reeve: string): Catalogue {
  const sorted = commands.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  // In the order they are registered, which is the order of importance; the digest does not depend on it.
  return { v: 1, digest: digestOf(canonical(sorted)), reeve, commands };
}

type Check = (args: unknown) => z.ZodSafeParseResult<z.infer<z.ZodObject>>;
/** Made once for each schema: making the strict one of an action takes many times as long as the check itself. */
const checks = new WeakMap<z.ZodObject, Check>();

function checkOf(schema: z.ZodObject): Check {
  let check = checks.get(schema);
  if (check === undefined) {
    check = compiled(schema.strict());
    checks.set(schema, check);
  }
  return check;
}

/** Validates what arrived; unknown arguments are mistakes. */
export function parseArgs(action: Action, args: JsonObject): z.infer<z.ZodObject> {
  const result = checkOf(action.args)(args);
  if (result.success) return result.data;
  const why = result.error.issues
    .slice(0, 5)
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const key = issue.keys[0] ?? '';
        const near = suggest(key, Object.keys(action.args.shape));
        return `there is no argument --${flag(key)}${near === undefined ? '' : `; did you mean --${flag(near)}?`}`;
      }
      const name = issue.path.map(String).join('.');
      const missing = issue.code === 'invalid_type' && !Object.hasOwn(args, name);
      return missing ? `--${flag(name)} is missing` : `--${flag(name)}: ${issue.message}`;
    })
    .join('; ');
  throw fail('ARGUMENTS_INVALID', { command: action.name, why });
}

const flag = (name: string): string => name.replaceAll('_', '-').slice(0, 100);
