import { statfs } from 'node:fs/promises';
import { isTerminal } from '../../contracts/job.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { MetricFamily } from '../ports/metrics.ts';

export interface MetricSources {
  home: string;
  version: string;
  ledger: Pick<Ledger, 'head' | 'health' | 'subscribe'>;
  jobs: Pick<Jobs, 'list'>;
  grantsActive(): number;
  /** Refusals by error code since the start. */
  refusals(): Readonly<Record<string, number>>;
  /** Open event streams. */
  streams?(): number;
  /** Flushes of the ledger since the start: how many, seconds in total, and the longest. */
  flushes?(): { count: number; seconds: number; max_seconds: number };
  /** Failed operations of the artifact store since the start. */
  artifactErrors?(): number;
  /** What features add. */
  families?: readonly MetricFamily[];
}

/**
 * Prometheus metrics. Counting starts now; prom-client (10 ms, 1 MiB) and its process metrics are loaded at the first
 * call of the returned function.
 */
export function createMetrics(sources: MetricSources): () => Promise<string> {
  const ended: Record<string, number> = {};
  sources.ledger.subscribe((record) => {
    if (record.type !== 'job.attempt') return;
    const { status } = record.body.attempt;
    if (isTerminal(status)) ended[status] = (ended[status] ?? 0) + 1;
  });
  let collect: Promise<() => Promise<string>> | undefined;
  return async () => (await (collect ??= load(sources, ended)))();
}

async function load(sources: MetricSources, ended: Record<string, number>): Promise<() => Promise<string>> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  const byLabel = (
    Kind: typeof Gauge<string> | typeof Counter<string>,
    [name, help, label]: [string, string, string],
    values: () => Readonly<Record<string, number>>,
  ): void => {
    new Kind({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [key, value] of Object.entries(values())) this.inc({ [label]: key }, value);
      },
    });
  };
  const counter = (name: string, help: string, value: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };

  const { ledger, flushes, streams, artifactErrors } = sources;
  new Gauge({ name: 'reeve_info', help: 'Version', labelNames: ['version'], registers: [registry] }).set(
    { version: sources.version },
    1,
  );
  gauge('reeve_ledger_records', 'Durable records in the ledger', () => ledger.head().size);
  gauge('reeve_ledger_writable', '1 while the ledger can be written', () =>
    ledger.health().writable ? 1 : 0,
  );
  gauge('reeve_grants_active', 'Grants that can be used now', () => sources.grantsActive());
  byLabel(Gauge, ['reeve_jobs', 'Jobs in memory by status', 'status'], () => jobsByStatus(sources.jobs));
  byLabel(
    Counter,
    ['reeve_attempts_ended_total', 'Attempts ended since the start, by outcome', 'status'],
    () => ended,
  );
  byLabel(Counter, ['reeve_refusals_total', 'Refusals since the start, by code', 'code'], () =>
    sources.refusals(),
  );
  if (streams !== undefined) gauge('reeve_event_streams', 'Open event streams', () => streams());
  if (artifactErrors !== undefined) {
    counter('reeve_artifact_errors_total', 'Failed operations of the artifact store', () => artifactErrors());
  }
  if (flushes !== undefined) {
    counter('reeve_ledger_flushes_total', 'Group commits of the ledger', () => flushes().count);
    counter('reeve_ledger_flush_seconds_total', 'Time spent in them', () => flushes().seconds);
    gauge('reeve_ledger_flush_max_seconds', 'The longest of them', () => flushes().max_seconds);
  }
  new Gauge({
    name: 'reeve_storage_bytes',
    help: "Size and free space of the home's file system",
    labelNames: ['kind'],
    registers: [registry],
    async collect() {
      const disk = await statfs(sources.home);
      this.set({ kind: 'size' }, disk.blocks * disk.bsize);
      this.set({ kind: 'free' }, disk.bavail * disk.bsize);
    },
  });
  for (const family of sources.families ?? []) {
    const Kind = family.kind === 'gauge' ? Gauge : Counter;
    new Kind({
      name: family.name,
      help: family.help,
      labelNames: [...family.labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const [labels, value] of family.collect())
          this.inc(Object.fromEntries(family.labels.map((name, i) => [name, labels[i] ?? ''])), value);
      },
    });
  }
  return () => registry.metrics();
}

function jobsByStatus(jobs: Pick<Jobs, 'list'>): Record<string, number> {
  const counts: Record<string, number> = { QUEUED: 0, RUNNING: 0, PASS: 0, FAIL: 0, UNKNOWN: 0 };
  for (const { status } of jobs.list()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
