import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { RecordBody, RecordType } from '../../contracts/record.ts';
import { openWorld, type World } from '../helpers/app.ts';
import { until } from '../helpers/daemon.ts';

/** A service that runs as a process of its own and can be made to hang up. */
export interface Service {
  port: number;
  pid: number;
  folder: string;
  /** It stops listening; SIGHUP to its process brings it back, unless it is broken. */
  hangUp(): void;
  /** SIGHUP does nothing any more. */
  breakIt(): Promise<void>;
  mend(): Promise<void>;
  comeBack(): void;
}

export async function startService(): Promise<Service> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reeve-service-'));
  const child: ChildProcess = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'service.ts'), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  if (child.stdout === null) throw new Error('no stdout');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    port: Number(said.toString().trim()),
    pid: child.pid ?? 0,
    folder,
    hangUp: () => void child.kill('SIGUSR2'),
    breakIt: () => writeFile(path.join(folder, 'broken'), ''),
    mend: () => rm(path.join(folder, 'broken')),
    comeBack: () => void child.kill('SIGHUP'),
  };
}

/** A runbook that sends the service SIGHUP, and undoes it with a line in trace.txt. */
export const restart = (service: Service, more = ''): string => `---
runbook: restart
title: Restart the service
action: heal
timeout: 1m
---
## Restart it
\`\`\`sh { name=restart }
echo restart >> trace.txt
kill -HUP "$(cat '${service.folder}/service.pid')"
${more}
\`\`\`
## Rollback
\`\`\`sh { name=undo }
echo undo >> trace.txt
\`\`\`
`;

/** An estate with a probe of the service and a rule that heals it. */
export const estate = (
  service: Service,
  { rule = '', probe = '', more = '' }: { rule?: string; probe?: string; more?: string } = {},
): string => `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
  ana: { roles: [operator] }
  vic: { roles: [viewer] }
  zoe: { roles: [approver] }
  eve: { roles: [other-viewer] }
roles:
  other-viewer: { verbs: [view], projects: [other] }
projects:
  shop:
    path: .
    environments: { dev: {}, prod: {} }
  other:
    environments: { dev: {} }
network: { allow: ['127.0.0.1'] }
probes:
  web:
    kind: tcp
    title: The web server
    project: shop
    env: dev
    host: 127.0.0.1
    port: ${service.port}
    interval: 200ms
    timeout: 150ms
    failures: 2
    successes: 1
${probe}
${
  rule === 'none'
    ? ''
    : `healing:
  restart-web:
    on: { probes: [web] }
    runbook: restart
    project: shop
    env: dev
    verify_within: 3s
${rule}`
}
${more}
`;

export interface Town extends World {
  service: Service;
  /** Bodies of all records of a type. */
  of<T extends RecordType>(type: T): Promise<RecordBody<T>[]>;
  /** Waits until some record of this type is so. */
  await<T extends RecordType>(type: T, is?: (body: RecordBody<T>) => boolean): Promise<RecordBody<T>>;
  trace(): Promise<string[]>;
  state(probe?: string): string;
}

/** A real daemon that watches a real service. */
export async function openTown(
  options: Parameters<typeof estate>[1] & { runbook?: string; runbooks?: Record<string, string> } = {},
): Promise<Town> {
  const service = await startService();
  const world = await openWorld({
    estate: estate(service, options),
    runbooks: { 'restart.md': restart(service, options.runbook), ...options.runbooks },
  });
  const of: Town['of'] = async (type) => (await world.records(type)).map(({ body }) => body) as never;
  const town = Object.assign(world, {
    service,
    of,
    async await<T extends RecordType>(
      type: T,
      is: (body: RecordBody<T>) => boolean = () => true,
    ): Promise<RecordBody<T>> {
      let found: RecordBody<T> | undefined;
      await until(async () => {
        found = (await of(type)).find((body) => is(body));
        return found !== undefined;
      });
      return found as RecordBody<T>;
    },
    trace: async () =>
      (await readFile(path.join(world.root, 'trace.txt'), 'utf8').catch(() => ''))
        .split('\n')
        .filter(Boolean),
    state: (probe = 'web') => world.app.running.features.probes.get(probe).state,
  });
  await until(() => {
    try {
      return town.state() === 'up';
    } catch {
      return false;
    }
  });
  return town;
}
