import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { LedgerRecord } from '../../../contracts/record.ts';
import type { Seen } from './seen.ts';
import type { Stage } from './stage.ts';
import type { Told } from './tell.ts';

/** In what the two platforms may differ, and why. Everything else is a fault of the product. */
export const FACTS: readonly { what: string; why: string; level(told: Told): Told }[] = [
  {
    what: 'a menu offers what was typed',
    why: 'A menu of Slack’s takes nothing but what it offers, so what was typed is always among it; Discord takes any text.',
    level: (told) =>
      told.typed === undefined
        ? told
        : { ...told, offers: told.offers?.filter((one) => one !== told.typed) ?? [] },
  },
  {
    what: 'long titles are cut',
    why: 'A header of Slack’s holds 150 characters, a title of Discord’s 256; the whole is in the file reeve.txt.',
    level: (told) => changed(told, (seen) => ({ ...seen, title: seen.title.slice(0, 90) })),
  },
  {
    what: 'long texts are a file',
    why: 'A message of Slack’s holds three sections of 3,000, one of Discord’s 4,096 in all; both say so and attach the rest.',
    level: (told) =>
      changed(told, (seen) => ({
        ...seen,
        file: false,
        lines: seen.lines
          .filter((line) => !line.includes('the whole text is in the file reeve.txt'))
          .slice(0, 12),
      })),
  },
];

/** What was told, without what the platforms' own facts account for. */
export const levelled = (told: readonly Told[]): Told[] =>
  told.map((one) => FACTS.reduce((at, { level }) => level(at), one));

const changed = (told: Told, change: (seen: Seen) => Seen): Told =>
  told.seen === undefined ? told : { ...told, seen: change(told.seen) };

const ID = /\b(?:[a-z]{2,5}_)?[0-9a-f]{6,64}\b|sha256:[0-9a-f]{64}/gu;
/** Values under these names are times, lengths or places in the ledger. */
const MASKED = new Set([
  ...[
    'ts',
    'at',
    'ms',
    'iat',
    'nbf',
    'exp',
    'seq',
    'size',
    'size_bytes',
    'expires',
    'since',
    'until',
    'started',
    'ended',
  ],
  ...[
    'ledger_seq',
    'timestamp',
    'started_at',
    'ended_at',
    'queued_at',
    'pid',
    'bytes',
    'root',
    'post',
    'token',
  ],
]);

/** A value without ids, times and names of the platform, so that two tellings can be compared. */
export function masked(
  value: unknown,
  { names, platform }: Pick<Stage, 'names' | 'platform'>,
  key = '',
): unknown {
  if (MASKED.has(key)) return value === null ? null : `<${key}>`;
  if (Array.isArray(value)) return value.map((one) => masked(one, { names, platform }));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, one]) => [name, masked(one, { names, platform }, name)]),
    );
  if (typeof value === 'number') return value > 1e11 ? '<time>' : value;
  if (typeof value !== 'string') return value;
  let text = value;
  for (const [id, name] of names) text = text.replaceAll(id, name);
  return (
    text
      .replaceAll(new RegExp(`\\b${platform}\\b`, 'gu'), 'PLATFORM')
      .replaceAll(/PLATFORM\/[0-9.A-Za-z-]+/gu, 'PLATFORM/INTERACTION')
      // A person of Slack’s is one of a team; of Discord’s, of all of it.
      .replaceAll('PLACE/', '')
      .replaceAll(/\/\S*\/reeve-e2e-\w+\//gu, '/')
      .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/gu, '<time>')
      .replaceAll(/reeve1\.[\w.-]+/gu, '<token>')
      .replaceAll(ID, '<id>')
      .replaceAll(/\d+(?:\.\d+)? ?(?:ms|s)\b/gu, '<duration>')
  );
}

/** Where a bot's message stands, and what the estate's bytes are, differ by nature. */
const FREE = new Set([
  'config.version',
  'ledger.opened',
  'key.created',
  'ledger.checkpoint',
  'daemon.started',
  'mandate.accepted',
]);

/** Records by type, each type in its order: what goes on at the same time may be written in another order across types. */
export async function recordsOf(stage: Stage): Promise<Record<string, unknown[]>> {
  const byType: Record<string, unknown[]> = {};
  for await (const record of stage.world.app.store.ledger.read(0) as AsyncIterable<LedgerRecord>) {
    if (FREE.has(record.type)) continue;
    const body = masked(record.body, stage) as Record<string, unknown>;
    if (record.type === 'chat.posted' && 'at' in body) body['at'] = '<message>';
    (byType[record.type] ??= []).push(body);
  }
  return byType;
}

/** Lines of the trajectory, in their order. */
export async function trajectoryOf(stage: Stage): Promise<unknown[]> {
  const folder = path.join(stage.world.root, 'grimoires/loa/a2a/trajectory');
  const lines: unknown[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const text = await readFile(path.join(folder, name), 'utf8');
    for (const line of text.trimEnd().split('\n')) lines.push(masked(JSON.parse(line) as unknown, stage));
  }
  return lines;
}
