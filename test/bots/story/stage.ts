import { EDIT_EVERY, type Pace } from '../../../bots/dispatch/editor.ts';
import { systemPace } from '../../../bots/link/pace.ts';
import os from 'node:os';
import { openWorld, type World } from '../../helpers/app.ts';
import { STORY_RUNBOOKS } from './runbooks.ts';
import { PEOPLE, type Name } from './script.ts';
import type { Seen } from './seen.ts';

export type Room = 'ops' | 'approvals';
/** Something shown that can be looked at again, and pressed. */
export interface Shown {
  seen(): Seen;
  gone(): boolean;
}

/** One platform with its real client, a daemon of its own, and the people of the story in front of it. */
export interface Stage {
  platform: 'discord' | 'slack';
  world: World;
  /** Types a command with its arguments in `ops`; resolves with the answer. */
  types(who: Name, command: string, args: Record<string, string | number>, reason?: string): Promise<Shown>;
  /** Presses a button, and fills in the form that opens. Resolves with what this person is then shown alone, if anything. */
  clicks(who: Name, on: Shown, label: string, into?: { typed?: string; reason?: string }): Promise<void>;
  /** What this person alone is shown, newest first, with how it reads now. */
  alone(who: Name): Shown[];
  /** What everybody is shown, newest first. */
  room(room: Room): Shown[];
  completes(
    who: Name,
    command: string,
    option: string,
    typed: string,
    given: Record<string, string>,
  ): Promise<string[]>;
  until<T>(look: () => T | undefined, what: string): Promise<T>;
  /** Ids of the platform → words: people, channels, the platform itself. */
  names: Map<string, string>;
  /** Payloads that the platform would refuse. */
  refused(): void;
}

/** The same estate on both platforms; only ids differ. */
export async function storyWorld(chat: string, account: (who: Name) => string): Promise<World> {
  const people = (Object.entries(PEOPLE) as [Name, string][]).map(
    ([name, role]) => `  ${name}: { roles: [${role}], ${account(name)} }`,
  );
  return openWorld({
    estate: `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
${people.join('\n')}
projects:
  shop:
    environments: { dev: {}, staging: { confirm_typed: true }, prod: { approvals: 1 } }
chat:
${chat}
`,
    runbooks: STORY_RUNBOOKS,
  });
}

/** A story is told faster than people type: in it messages are edited ten times as often. What is longer is a time limit. */
const FAST = 10;
export const quickPace: Pace = {
  monotonic: () => systemPace.monotonic() * FAST,
  sleep: (ms) => systemPace.sleep(ms > EDIT_EVERY ? ms : ms / FAST),
};
