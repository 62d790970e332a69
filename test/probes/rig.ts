import path from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { EstateConfig } from '../../contracts/estate.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import type { Verdict } from '../../contracts/watch.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { probeKind, type ProbeKind } from '../../daemon/ports/probe-kinds.ts';
import type { Estate } from '../../daemon/ports/config.ts';
import type { Finding } from '../../daemon/ports/probes.ts';

import { ProbeEngine } from '../../daemon/probes/engine.ts';
import { Memos } from '../../daemon/probes/memos.ts';
import { probeStates } from '../../daemon/probes/projection.ts';
import { SampleStore } from '../../daemon/probes/samples/store.ts';
import { openTokens } from '../../daemon/probes/tokens.ts';
import { random } from '../../daemon/random.ts';
import { tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { MemoryLedger } from '../helpers/memory-ledger.ts';

/** What the targets of a test answer, by probe; a function may take its time. */
export type World = Record<string, Verdict | ((signal: AbortSignal) => Promise<Finding>)>;

const finding = (verdict: Verdict): Finding => ({
  verdict,
  why: verdict === 'up' ? '' : `it is ${verdict}`,
  ms: verdict === 'up' ? 1.5 : null,
});

export async function rig(probes: object, more: object = {}, options: { max?: number } = {}) {
  const dir = await tempDir();
  const clock = new ManualClock();
  const world: World = {};
  const runs: string[] = [];
  const closed: string[] = [];
  const pushed: string[] = [];
  const warnings: string[] = [];
  const alerts = new Map<string, AlertBody>();

  const kind = (name: string): ProbeKind =>
    probeKind({
      kind: name,
      summary: 'Answers as the test says.',
      schema: z.strictObject({ option: z.string().default('') }),
      example: 'option: x',
      open: ({ option }, { probe, memo }) => ({
        async run(signal) {
          runs.push(`${probe}${option}`);
          const now = world[probe] ?? 'up';
          return typeof now === 'function' ? now(signal) : finding(now);
        },
        ...(name === 'beat'
          ? {
              async push(event: string) {
                await memo.save(event);
                pushed.push(`${probe} ${event}`);
                world[probe] = event === 'fail' ? 'down' : 'up';
              },
            }
          : {}),
        close: () => void closed.push(`${probe}${option}`),
      }),
    });

  const estate = (config: object): Estate =>
    ({
      config: EstateConfig.parse({
        version: 1,
        estate: { name: 'test' },
        projects: { shop: { environments: { dev: {} } } },
        ...config,
      }),
      root: dir,
    }) as unknown as Estate;
  const fill = (entries: object): object =>
    Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [
        name,
        { kind: 'fake', project: 'shop', env: 'dev', interval: '10s', timeout: '2s', ...(entry as object) },
      ]),
    );
  let current = estate({ ...more, probes: fill(probes) });
  let ledger = new MemoryLedger(clock, [probeStates]);

  async function start(): Promise<ProbeEngine> {
    const samples = await SampleStore.open({
      fs: nodeFs,
      clock,
      dir: path.join(dir, 'samples'),
      retention: () => 30 * 86_400_000,
      warn: (what, error) => warnings.push(`${what}: ${String(error)}`),
    });
    const engine = new ProbeEngine({
      clock,
      ledger,
      state: ledger,
      config: { current: () => current },
      secrets: { get: () => Promise.reject(new Error('none')) },
      kinds: [kind('fake'), kind('other'), kind('beat')],
      samples,
      accepted: () => Promise.resolve(),
      memos: new Memos(nodeFs, path.join(dir, 'memos')),
      tokens: await openTokens(nodeFs, path.join(dir, 'key'), random),
      alerts: () => ({
        raise: async (alert) => void alerts.set(alert.key, alert),
        resolve: async (key) => void alerts.delete(key),
      }),
      clean: (text) => text.replaceAll('s3cret', '[redacted]'),
      warn: (what, error) => warnings.push(`${what}: ${String(error)}`),
      ...options,
    });
    await engine.reload();
    return engine;
  }
  let engine = await start();
  onTestFinished(() => engine.stop());

  return {
    clock,
    world,
    runs,
    closed,
    pushed,
    warnings,
    alerts,
    get engine() {
      return engine;
    },
    get ledger() {
      return ledger;
    },
    /** Time goes on in steps small enough that nothing overtakes anything. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 100) await clock.advance(Math.min(100, left));
    },
    async change(next: object, others: object = more) {
      current = estate({ ...others, probes: fill(next) });
      await engine.reload();
    },
    /** The process ends and starts again on the same ledger. */
    async restart(next?: object) {
      await engine.stop();
      if (next !== undefined) current = estate({ ...more, probes: fill(next) });
      ledger = new MemoryLedger(clock, [probeStates], ledger.lines);
      engine = await start();
    },
    transitions: (): RecordBody<'probe.transition'>[] =>
      ledger.records().flatMap((r) => (r.type === 'probe.transition' ? [r.body] : [])),
    /** `web up→down` */
    moves(): string[] {
      return this.transitions().map(
        ({ probe, from, to, cause, maintenance }) =>
          `${probe} ${from}→${to}${cause === undefined ? '' : ` because ${cause}`}${maintenance === undefined ? '' : ` in ${maintenance}`}`,
      );
    },
  };
}
