import { setTimeout as sleep } from 'node:timers/promises';
import { PEOPLE, Town, type Platform, type Who } from './chat-town.ts';
import type { Bench } from './types.ts';

const PER_SECOND = 50;
const SECONDS = 10;
const limit = (value: number) => (): Promise<number> => Promise.resolve(value);

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Infinity;

/**
 * Slash commands at an even pace, whatever the answers do; each of ours runs a job under a grant made ahead. The bare
 * handler only acknowledges. Three figures out of the same runs.
 */
export function speed(platform: Platform): Bench[] {
  let town: Town | undefined;
  let grants: string[] = [];
  let asked = 0;
  const longest: number[] = [];
  const durable: number[] = [];

  async function run(who: Who): Promise<number[]> {
    if (town === undefined) throw new Error('setup() has not run');
    const { stage } = town;
    const began = performance.now();
    const before = town.count('job.queued');
    const count = PER_SECOND * SECONDS;
    const all = Array.from({ length: count }, async (_, i) => {
      await sleep(Math.max(0, began + (i * 1000) / PER_SECOND - performance.now()));
      const person = asked++ % PEOPLE;
      const grant = grants[person] ?? '';
      const options = { runbook: 'noop', project: 'shop', env: 'dev', preauth_grant: grant };
      const { acknowledged, answered } = await stage.ask(who, person, 'run', options);
      if (who === 'bare') return acknowledged;
      const { ms, text } = await answered();
      if (!text.includes('Started job')) throw new Error(`a command was not carried out: ${text}`);
      durable.push(ms);
      return acknowledged;
    });
    const times = await Promise.all(all);
    if (who === 'ours') {
      const jobs = town.count('job.queued') - before;
      if (jobs !== count) throw new Error(`${count} commands, and ${jobs} jobs in the ledger`);
      longest.push(Math.max(...times));
    }
    return times;
  }
  const p99 = (who: Who) => async (): Promise<number> => percentile(await run(who), 0.99);

  const acknowledgement: Bench = {
    name: `${platform}: command → acknowledgement, p99 at ${PER_SECOND}/s`,
    unit: 'ms',
    goal: 1.5,
    better: 'lower',
    runs: 7,
    async setup() {
      town = await Town.open(platform, PEOPLE);
      await town.start('ours');
      await town.start('bare');
      grants = await town.grants(PEOPLE);
    },
    ours: p99('ours'),
    reference: p99('bare'),
    // The next two are about what was measured here.
    async teardown() {
      await town?.close();
    },
  };
  const measured = { unit: 'ms', goal: 1, better: 'lower', runs: 1, reference: limit(1000) } as const;
  return [
    acknowledgement,
    { ...measured, name: 'the same, the longest of all', ours: () => Promise.resolve(Math.max(...longest)) },
    {
      ...measured,
      name: 'the same, until grant verified, intent durable, answered, p99',
      ours: () => Promise.resolve(percentile(durable, 0.99)),
    },
  ];
}

/** Edits a second of the message of a job that prints 10,000 lines in about eight seconds. */
export function edits(platform: Platform): Bench {
  let town: Town | undefined;
  return {
    name: `${platform}: edits of the message of a job with 10,000 lines`,
    unit: 'edits/s',
    goal: 1,
    better: 'lower',
    runs: 2,
    async setup() {
      town = await Town.open(platform, 3);
      await town.start('ours');
    },
    async ours() {
      if (town === undefined) throw new Error('setup() has not run');
      const { stage } = town;
      const { press } = await stage.ask('ours', 0, 'run', { runbook: 'lines', project: 'shop', env: 'dev' });
      await press('Confirm exactly this');
      // The one that has not ended: earlier runs' messages stand there too.
      const began = await stage.until(() => stage.running('Ten thousand lines'), 60_000);
      const since = performance.now();
      await stage.until(() => began.text().includes('passed'), 120_000);
      const seconds = (performance.now() - since) / 1000;
      if (!began.text().includes('the last line'))
        throw new Error(`the last state is not shown: ${began.text()}`);
      return began.edits() / seconds;
    },
    reference: limit(1),
    async teardown() {
      await town?.close();
    },
  };
}
