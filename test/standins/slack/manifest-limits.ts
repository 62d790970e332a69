import type { BlockProblem } from './errors.ts';

/** Longest text and most items by where they stand; `*` is any index (comments of @slack/web-api's manifest types). */
const LIMITS: [path: string, max: number][] = [
  ['display_information/name', 35],
  ['display_information/description', 140],
  ['display_information/long_description', 4_000],
  ['features/bot_user/display_name', 80],
  ['features/shortcuts', 10],
  ['features/shortcuts/*/callback_id', 255],
  ['features/shortcuts/*/description', 150],
  ['features/slash_commands', 50],
  ['features/slash_commands/*/command', 32],
  ['features/slash_commands/*/description', 2_000],
  ['features/slash_commands/*/usage_hint', 1_000],
  ['oauth_config/scopes/bot', 255],
  ['settings/event_subscriptions/bot_events', 100],
];

/** Judges a manifest by Slack's published limits. */
export function judgeManifest(manifest: unknown): BlockProblem[] {
  const problems: BlockProblem[] = [];
  for (const [path, max] of LIMITS)
    for (const [value, at] of find(manifest, path.split('/'), []))
      if ((typeof value === 'string' || Array.isArray(value)) && value.length > max)
        problems.push({
          path: at,
          why: `must be at most ${max} ${typeof value === 'string' ? 'characters' : 'items'}`,
        });
  for (const [command, at] of find(manifest, ['features', 'slash_commands', '*', 'command'], []))
    if (typeof command === 'string' && !/^\/[^\sA-Z/]+$/u.test(command))
      problems.push({ path: at, why: 'must start with a slash, in lower case and without spaces' });
  return problems;
}

function* find(node: unknown, [step, ...rest]: string[], at: string[]): Generator<[unknown, string[]]> {
  if (step === undefined) yield [node, at];
  else if (step === '*')
    for (const [index, one] of (Array.isArray(node) ? node : []).entries())
      yield* find(one, rest, [...at, String(index)]);
  else if (typeof node === 'object' && node !== null && step in node)
    yield* find((node as Record<string, unknown>)[step], rest, [...at, step]);
}
