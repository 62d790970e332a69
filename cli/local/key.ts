import { join, resolve } from 'node:path';
import type { JsonObject } from '../../contracts/json.ts';
import type { Context } from '../run.ts';
import { loadCosign } from './bridge.ts';

/** Where a person's own key is. */
export const keyPath = (home: string, args: JsonObject): string =>
  typeof args['key'] === 'string' ? resolve(args['key']) : join(home, 'approver.key');

/** `reeve key new` and `reeve key public`: they need no daemon, and send nothing. */
export async function key(
  { terminal, home }: Context,
  name: 'key new' | 'key public',
  args: JsonObject,
): Promise<number> {
  const file = keyPath(home, args);
  const { makeKey, readKey } = await loadCosign();
  const { kid, line } = await (name === 'key new' ? makeKey(file) : readKey(file));
  if (terminal.globals.json) {
    terminal.document({ ok: true, command: name, data: { key: kid, file, public: line } });
    return 0;
  }
  const { showReply } = await import('../render/reply.ts');
  showReply(terminal, {
    tone: 'good',
    title: name === 'key new' ? `Your key ${kid} is made` : `Your key is ${kid}`,
    blocks: [
      { type: 'fields', fields: [{ label: 'File', value: file }] },
      { type: 'code', language: 'public half', text: line },
      { type: 'hint', text: `An admin enrols it: reeve key enrol --person YOU --public ${line}` },
      { type: 'hint', text: `Tell the admin the key id ${kid} by another way, to compare.` },
    ],
  });
  return 0;
}
