import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BOT_FLAGS } from '../daemon/chat/supervisor.ts';
import { helpersGiveWay } from '../daemon/helper-threads.ts';
import { Place } from '../test/helpers/daemon.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const PLATFORMS = ['discord', 'slack'] as const;
export type Platform = (typeof PLATFORMS)[number];
export type Who = 'ours' | 'bare';

/** Where the daemon has the bots' code compiled. */
const CACHE = here('../node_modules/.cache/reeve');

/** Enough people for 50 commands a second, when each may ask once in two seconds. */
export const PEOPLE = 120;

/** One command that somebody gave. */
export interface Asked {
  /** ms until the platform had the acknowledgement. */
  acknowledged: number;
  /** ms until what came of it was shown, and what it says. A bare handler never shows anything. */
  answered(): Promise<{ ms: number; text: string }>;
  /** Presses a button of the answer. */
  press(label: string): Promise<void>;
}

/** A platform with a channel, people and two apps: the bot's, and one of a bare handler. */
export interface Stage {
  /** `chat:` of reeve.yaml. */
  chat: string;
  /** The account of a person as reeve.yaml has it. */
  account(person: number): string;
  /** What the bot's process is given. */
  env: Record<string, string>;
  /** Arguments of the bare handler. */
  bare: string[];
  /** It hears what people ask. */
  hears(who: Who): boolean;
  /** Gives a command and waits for the acknowledgement. */
  ask(who: Who, person: number, words: string, options: Record<string, string>): Promise<Asked>;
  /** The message for everybody with this title, while it tells of no end. */
  running(title: string): { edits(): number; text(): string } | undefined;
  until<T>(what: () => T | undefined | false, ms: number): Promise<T>;
  close(): Promise<void>;
}

/** Jobs that do next to nothing, so that the way to them is measured; and one that prints 10,000 lines. */
const RUNBOOKS = {
  'noop.md': `---
runbook: noop
title: Nothing to do
action: run
timeout: 1m
---
\`\`\`assert { name=holds }
1 == 1
\`\`\`
`,
  'lines.md': `---
runbook: lines
title: Ten thousand lines
action: run
timeout: 5m
---
\`\`\`sh { name=print }
i=0
while [ $i -lt 10000 ]; do i=$((i+1)); echo "line $i"; [ $((i % 100)) -eq 0 ] && sleep 0.08; done
echo the last line
\`\`\`
`,
};

/** A daemon, the bot of one platform and a bare handler of the same client library, all processes of their own. */
export class Town {
  readonly stage: Stage;
  readonly #place: Place;
  readonly #children: ChildProcess[] = [];

  readonly #platform: Platform;

  private constructor(platform: Platform, stage: Stage, place: Place) {
    this.#platform = platform;
    this.stage = stage;
    this.#place = place;
  }

  static async open(platform: Platform, people = PEOPLE): Promise<Town> {
    const stage =
      platform === 'discord'
        ? await (await import('./chat-discord.ts')).stage(people)
        : await (await import('./chat-slack.ts')).stage(people);
    const persons = Array.from(
      { length: people },
      (_, i) => `  p${i}: { roles: [operator], ${platform}: ['${stage.account(i)}'] }\n`,
    );
    const place = await Place.make({
      estate: `version: 1\nestate: { name: bench }\npeople:\n  root: { roles: [admin, approver], os_users: [${process.getuid?.() ?? 0}] }\n${persons.join('')}projects: { shop: { environments: { dev: {} } } }\n${stage.chat}`,
      runbooks: RUNBOOKS,
    });
    // The platform, which is no part of what is measured, takes its turns here too.
    helpersGiveWay(process.pid);
    const town = new Town(platform, stage, place);
    await place.start();
    await town.command('chat setup', { platform });
    return town;
  }

  /** Starts the bot as the daemon does, or the bare handler, and waits until it hears. */
  async start(who: Who): Promise<ChildProcess> {
    const { env, bare, hears, until } = this.stage;
    await until(() => !hears(who), 60_000);
    const ours = who === 'ours';
    const PATH = process.env['PATH'] ?? '';
    const args = ours
      ? [...BOT_FLAGS, here(`../bots/${this.#platform}/main.ts`)]
      : [here('./chat-reference.mjs'), this.#platform, ...bare];
    const child = spawn(process.execPath, args, {
      env: ours
        ? { PATH, NODE_COMPILE_CACHE: CACHE, REEVE_HOME: this.#place.home, ...env }
        : // As most would start it; with the cache it takes more memory, not less.
          { PATH },
      stdio: 'ignore',
    });
    this.#children.push(child);
    await until(() => hears(who), 60_000);
    // As its supervisor does.
    if (ours) helpersGiveWay(child.pid ?? 0);
    return child;
  }

  async end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  /** A command by the owner; its reply's data. */
  async command(command: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
    const body = JSON.stringify({ command, args, force: true });
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request(
        {
          socketPath: join(this.#place.home, 'reeve.sock'),
          path: '/v1/commands',
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        },
        (response) => {
          let said = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
          response.on('end', () => resolve(said));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
    const reply = JSON.parse(text) as { ok: boolean; data: Record<string, unknown> };
    if (!reply.ok) throw new Error(text);
    return reply.data;
  }

  /** A grant for each person to run the empty runbook, often enough for all runs. */
  async grants(people: number): Promise<string[]> {
    const made: string[] = [];
    for (let person = 0; person < people; person++) {
      const args = {
        project_ids: ['shop'],
        cap: ['run:dev'],
        uses: 1000,
        expires_in_hours: 2,
        subject: `p${person}`,
      };
      made.push(String((await this.command('preauth create-grant', args))['grant_id']));
    }
    return made;
  }

  /** Records of this type in the ledger. */
  count(type: string): number {
    const folder = join(this.#place.home, 'ledger');
    const texts = readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    return texts.join('').split(`"type":"${type}"`).length - 1;
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => this.end(child)));
    await this.#place.close();
    await this.stage.close();
  }
}
