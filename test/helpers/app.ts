import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { CommandRequest } from '../../contracts/api.ts';
import type { RecordType, LedgerRecord } from '../../contracts/record.ts';
import type { Reply } from '../../contracts/reply.ts';
import { startApp, type App } from '../../daemon/app.ts';
import { readSettings } from '../../daemon/config.ts';
import type { Caller } from '../../daemon/ports/door.ts';

/** An estate with three people; prod wants one approval, vault two. Nothing runs by itself. */
export const ESTATE = `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
  ana: { roles: [operator], discord: ['123456789012345678'] }
  ben: { roles: [approver] }
  cleo: { roles: [approver] }
  vic: { roles: [viewer] }
projects:
  shop:
    environments:
      dev: {}
      prod: { approvals: 1 }
      vault: { approvals: 2 }
  other:
    environments: { dev: {} }
`;

export const RUNBOOKS: Record<string, string> = {
  'touch.md': `---
runbook: touch
title: Leave a trace
action: deploy
inputs: { name: { type: string, default: trace, pattern: '^[a-z]{1,20}$' } }
timeout: 1m
---
## Leave it
\`\`\`sh { name=leave }
echo "done=yes" >> "$REEVE_OUTPUT"
echo "$REEVE_INPUT_NAME" >> trace.txt
\`\`\`
## Rollback
\`\`\`sh { name=undo }
echo undone >> trace.txt
\`\`\`
`,
  'slow.md': `---
runbook: slow
title: Two steps with a pause between
action: run
timeout: 1m
---
\`\`\`sh { name=first }
echo first >> trace.txt
while [ ! -e go ]; do sleep 0.05; done
\`\`\`
\`\`\`sh { name=second }
echo second >> trace.txt
\`\`\`
`,
};

export interface World {
  app: App;
  root: string;
  home: string;
  /** Sends a command as this person. */
  as(person: string, request: CommandRequest, more?: Partial<Caller>): Promise<Reply>;
  records<T extends RecordType>(type: T): Promise<LedgerRecord<T>[]>;
  write(name: string, text: string): Promise<void>;
  /** Stops the daemon and starts it again on the same home. */
  restart(): Promise<void>;
  /** Waits for the job of a reply and returns its status. */
  end(reply: Reply): Promise<string>;
}

/** A real daemon in this process, on a temporary home and estate. */
export async function openWorld(
  options: { estate?: string; runbooks?: Record<string, string>; settings?: Record<string, string> } = {},
): Promise<World> {
  const base = await mkdtemp(path.join(os.tmpdir(), 'reeve-e2e-'));
  const root = path.join(base, 'estate');
  const home = path.join(base, 'home');
  await mkdir(path.join(root, 'runbooks'), { recursive: true });
  const write = (name: string, text: string): Promise<void> => writeFile(path.join(root, name), text);
  await write('reeve.yaml', options.estate ?? ESTATE);
  for (const [name, text] of Object.entries(options.runbooks ?? RUNBOOKS))
    await write(path.join('runbooks', name), text);
  const settings = readSettings(
    { home, port: 0, config: path.join(root, 'reeve.yaml') },
    options.settings ?? {},
    root,
  );
  const world: World = {
    app: await startApp(settings),
    root,
    home,
    write,
    as: (person, request, more = {}) =>
      world.app.running.door.admit(
        { person, via: 'api', account: `test:${person}`, interactive: true, ...more },
        request,
      ),
    async records(type) {
      const found: LedgerRecord[] = [];
      for await (const record of world.app.store.ledger.read(0)) if (record.type === type) found.push(record);
      return found as LedgerRecord<typeof type>[];
    },
    async restart() {
      await world.app.stop('test');
      world.app = await startApp(settings);
      await world.app.settle();
    },
    async end(reply) {
      if (reply.job === undefined) throw new Error(`no job: ${reply.title} ${JSON.stringify(reply.error)}`);
      return (await world.app.running.jobs.wait(reply.job.id)).status;
    },
  };
  await world.app.settle();
  onTestFinished(async () => {
    await world.app.stop('test');
    await rm(base, { recursive: true, force: true, maxRetries: 20 });
  });
  return world;
}
