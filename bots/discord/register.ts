import { readFile, rename, writeFile } from 'node:fs/promises';
import { Routes, type REST } from 'discord.js';
import type { ChatSession } from '../../contracts/chat.ts';
import { commandTree } from '../dispatch/tree.ts';
import { bodiesOf, digestOf } from './commands.ts';

export interface Registered {
  /** Commands that are new or gone, by name. */
  added: string[];
  removed: string[];
  changed: boolean;
  /** What had no room in Discord's tree. */
  left: string[];
}

/**
 * Registers the commands of the guild, all in one call, and only when something about them has changed since `memory` was
 * written. With `dry` nothing is changed.
 */
export async function register(
  rest: Pick<REST, 'get' | 'put'>,
  { application, place, catalogue }: ChatSession,
  memory: string,
  { dry = false } = {},
): Promise<Registered> {
  const tree = commandTree(catalogue);
  const bodies = bodiesOf(tree);
  const route = Routes.applicationGuildCommands(application, place);
  const there = ((await rest.get(route)) as { name: string }[]).map(({ name }) => name);
  const wanted = bodies.map(({ name }) => name);
  const digest = digestOf(bodies, `${application}/${place}`);
  const before = await readFile(memory, 'utf8').catch(() => '');
  const added = wanted.filter((name) => !there.includes(name));
  const removed = there.filter((name) => !wanted.includes(name));
  const changed = before.trim() !== digest || added.length + removed.length > 0;
  if (changed && !dry) {
    await rest.put(route, { body: bodies });
    await writeFile(`${memory}.tmp`, `${digest}\n`, { mode: 0o600 });
    await rename(`${memory}.tmp`, memory);
  }
  return { added, removed, changed, left: tree.left };
}
