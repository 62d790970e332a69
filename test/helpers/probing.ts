import type { Server } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { systemClock } from '../../daemon/clock.ts';
import type { Json } from '../../contracts/json.ts';
import type { Clock } from '../../daemon/ports/clock.ts';
import type { ProbeMemo, Prober } from '../../daemon/ports/probe-kinds.ts';
import type { Finding } from '../../daemon/ports/probes.ts';
import { kinds } from '../../daemon/probes/kinds/index.ts';
import { forgetful } from './prober.ts';

export interface Asked {
  /** Entries of network.allow; the loopback address unless said otherwise. */
  allowed?: string[];
  secrets?: Record<string, string>;
  clock?: Clock;
  memo?: ProbeMemo;
  root?: string;
}

/** Opens a probe of a kind with options as reeve.yaml has them; closed when the test ends. */
export function openProbe(name: string, options: Record<string, unknown>, asked: Asked = {}): Prober {
  const kind = kinds.find((one) => one.kind === name);
  if (kind === undefined) throw new Error(`there is no kind of probe ${name}`);
  const parsed = kind.schema.parse(options);
  expect(kind.check?.(parsed) ?? []).toEqual([]);
  const prober = kind.open(parsed, {
    clock: asked.clock ?? systemClock,
    secrets: {
      get: (secret) => {
        const value = asked.secrets?.[secret];
        return value === undefined
          ? Promise.reject(new Error(`no secret ${secret}`))
          : Promise.resolve(value);
      },
    },
    allowed: () => asked.allowed ?? ['127.0.0.1'],
    root: asked.root ?? '/',
    probe: 'it',
    accepted: () => Promise.resolve(),
    memo: asked.memo ?? forgetful,
  });
  onTestFinished(async () => prober.close());
  return prober;
}

/** One run of a freshly opened probe. Every finding has a fit `why`. */
export async function ask(
  name: string,
  options: Record<string, unknown>,
  asked: Asked & { ms?: number } = {},
): Promise<Finding> {
  const prober = openProbe(name, options, asked);
  const finding = await prober.run(AbortSignal.timeout(asked.ms ?? 10_000));
  expectFit(finding);
  return finding;
}

/** What `why` promises: one line, at most 300 characters, and empty only when all is well. */
export function expectFit(finding: Finding): void {
  expect(finding.why.length).toBeLessThanOrEqual(300);
  expect(finding.why).not.toMatch(/[\n\r\u001b]/);
  expect(finding.why === '').toBe(finding.verdict === 'up');
}

/** Complaints of a kind's own check. */
export function complaints(name: string, options: Record<string, unknown>): string[] | Promise<string[]> {
  const kind = kinds.find((one) => one.kind === name);
  if (kind === undefined) throw new Error(`there is no kind of probe ${name}`);
  const parsed = kind.schema.safeParse(options);
  if (!parsed.success) return parsed.error.issues.map((issue) => issue.message);
  return kind.check?.(parsed.data) ?? [];
}

/** The prober left no connection behind on a server. */
export async function expectNoneLeft(server: Pick<Server, 'getConnections'>): Promise<void> {
  const open = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  await expect.poll(open, { timeout: 10_000 }).toBe(0);
}

/** A memo in this process's memory: what outlives a prober. */
export function keptMemo(): ProbeMemo & { saves: number } {
  let value: string | undefined;
  return {
    saves: 0,
    load: () => Promise.resolve(value === undefined ? undefined : (JSON.parse(value) as Json)),
    save(next) {
      this.saves++;
      value = JSON.stringify(next);
      expect(value.length).toBeLessThan(4096);
      return Promise.resolve();
    },
  };
}
