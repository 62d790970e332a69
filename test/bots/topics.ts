import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { toHex } from '../../daemon/ledger/merkle.ts';
import { parseVkey, verifyCheckpoint } from '../../daemon/ledger/note.ts';
import { REPO } from '../helpers/daemon.ts';
import { RUNBOOKS, type World } from '../helpers/app.ts';

export const TOPICS = ['alerts', 'incidents', 'reports', 'heads'] as const;
export const MORE = `alerts:
  channels:
    chat: { kind: chat }
    weekly: { kind: chat, topic: reports }
  routes: [{ channels: [chat], group_wait: 50ms }]
schedules:
  ledger-head: { runbook: ledger-head, cron: '0 * * * *', project: shop, env: dev, at_start: true }
`;

const shipped = (name: string): Promise<string> => readFile(path.join(REPO, 'runbooks', name), 'utf8');

export const shippedBooks = async (): Promise<Record<string, string>> => ({
  ...RUNBOOKS,
  'weekly-report.md': await shipped('weekly-report.md'),
  'ledger-head.md': await shipped('ledger-head.md'),
});

/** Something for each of these channels; the head by its schedule. */
export async function happen({ app, as, end }: World): Promise<void> {
  await app.startSchedules();
  await as('ana', {
    command: 'incidents open',
    args: { title: 'Dark', project: 'shop', env: 'dev', severity: 'page' },
  });
  const args = { runbook: 'weekly-report', project: 'shop', env: 'dev', input: ['channel=weekly'] };
  await end(await as('ana', { command: 'run', args, force: true }));
}

/** Checks a posted head as an outside reader would: by nothing but its own text. Throws where it does not fit. */
export function headIn(text: string): { size: number; root: string } {
  const [, size = '', root = ''] = /ledger verify --anchored (\d+):([0-9a-f]{64})/.exec(text) ?? [];
  const [vkey = ''] = /\S+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+/.exec(text) ?? [];
  const [note = ''] = /\S+\n\d+\n[A-Za-z0-9+/=]{44}\n\n— .+/.exec(text) ?? [];
  const key = parseVkey(vkey);
  if (key === undefined) throw new Error(`no key in ${text}`);
  const signed = verifyCheckpoint(`${note}\n`, [key]);
  if ('why' in signed) throw new Error(`${signed.why}: ${text}`);
  if (Number(size) !== signed.size || toHex(signed.root) !== root) throw new Error(text);
  return { size: Number(size), root };
}
