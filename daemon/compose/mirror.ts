import path from 'node:path';
import type { LedgerRecord, RecordBody } from '../../contracts/record.ts';
import type { Releasers } from '../lifecycle.ts';
import type { Mirror } from '../ports/mirror.ts';
import { Heard } from '../sync/github/heard.ts';
import type { GithubMirror } from '../sync/github/mirror.ts';
import type { FeatureContext } from './features.ts';
import type { WebhooksFeature } from './webhooks.ts';

/** Events that tell of what is mirrored. */
const EVENTS = new Set(['release', 'deployment', 'deployment_status', 'workflow_run', 'issues']);
/** How far the ledger may be ahead of what was looked at and is none of ours, in records. */
const BEHIND = 5000;

export interface MirrorFeature {
  mirror: Mirror;
  /** The files; one for the whole daemon. */
  files(): Promise<GithubMirror>;
  /** Resolves when every delivery that came is in it. */
  settled(): Promise<void>;
  start(releasers: Releasers): void;
}

/** What is mirrored of GitHub. Its code is loaded with the first delivery, sync job or question. */
export function composeMirror(
  { store, config, github, clean, warn }: FeatureContext,
  webhooks: WebhooksFeature,
): MirrorFeature {
  const folder = path.join(store.home.root, 'mirror');
  const heard = new Heard(store.fs, folder);
  let opened: Promise<GithubMirror> | undefined;
  let stopped = false;
  let waiting = 0;
  /** Seq before which everything was looked at, and the one of which that is durable. */
  let upto = 0;
  let said = 0;
  let tail: Promise<void> = Promise.resolve();
  const files = (): Promise<GithubMirror> =>
    (opened ??= import('../sync/github/mirror.ts').then(
      ({ GithubMirror }) => new GithubMirror({ fs: store.fs, clock: store.clock, folder }),
    ));

  async function hear(delivery: RecordBody<'webhook.received'>, at: number): Promise<void> {
    const { itemIn, kindOfEvent } = await import('../sync/github/delivery.ts');
    const kind = kindOfEvent(delivery.event);
    if (kind === undefined) return;
    const body = await webhooks.bodyAt(delivery.at, delivery.payload.digest ?? '', delivery.delivery);
    const told = itemIn(kind, delivery.event, body, at, clean);
    if (told === undefined) return;
    const mirror = await files();
    const { label } = config.current().config.sync.github;
    const { repository, item } = told;
    const repositories = config.current().config.integrations.github?.repositories ?? {};
    const named = Object.keys(repositories);
    const before = (await mirror.repositories()).find(({ id }) => id === repository.id);
    // One that was renamed is known by its number, whatever reeve.yaml calls it.
    const known = before !== undefined && Object.hasOwn(repositories, before.named);
    if (!known && github.projectOf(repository) === undefined) return;
    // An issue that lost the label is told too: it stands there as one that has it.
    if (kind === 'issues' && item.labels?.includes(label) !== true && item.deleted !== true) {
      const there = await mirror.with(repository.id, kind, (shelf) => Promise.resolve(shelf.has(item.id)));
      if (!there) return;
    }
    const name =
      before?.named ??
      named.find(
        (one) => one === String(repository.id) || one.toLowerCase() === repository.full_name.toLowerCase(),
      ) ??
      repository.full_name;
    await mirror.tell({ ...repository, named: name }, kind, item);
  }

  const mirrors = (): boolean =>
    Object.keys(config.current().config.integrations.github?.repositories ?? {}).length > 0;

  const tells = (record: LedgerRecord): record is LedgerRecord<'webhook.received'> =>
    record.type === 'webhook.received' && record.body.source === 'github' && EVENTS.has(record.body.event);

  async function look(record: LedgerRecord): Promise<void> {
    // What fails here is made up for by the next sync job.
    if (tells(record) && mirrors())
      await hear(record.body, record.ts).catch((error: unknown) => warn('the mirror of GitHub', error));
    upto = Math.max(upto, record.seq + 1);
  }

  async function say(): Promise<void> {
    if (said === upto) return;
    await heard.write(upto);
    said = upto;
  }

  /** What the daemon before this one had not looked at when it ended. */
  async function replay(): Promise<void> {
    const before = await heard.read();
    if (before === undefined) upto = store.ledger.head().size;
    else
      for await (const record of store.ledger.read(before)) {
        if (stopped) return;
        await look(record);
      }
    if (--waiting === 0 && mirrors()) await say();
  }

  const mirror: Mirror = {
    async list(kind, limit, sees) {
      const from = await files();
      const { label } = config.current().config.sync.github;
      const rows: Awaited<ReturnType<Mirror['list']>> = [];
      for (const repository of await from.repositories()) {
        const project =
          github.projectOf(repository) ??
          config.current().config.integrations.github?.repositories[repository.named];
        if (project === undefined || !sees(project)) continue;
        const items = await from.with(repository.id, kind, (shelf) =>
          shelf.newest(limit, (item) => kind !== 'issues' || item.labels?.includes(label) === true),
        );
        rows.push(...items.map((item) => ({ ...item, project, repository: repository.full_name })));
      }
      return rows.toSorted((a, b) => b.created - a.created).slice(0, limit);
    },
  };
  return {
    mirror,
    files,
    settled: () => tail,
    start(releasers) {
      const then = (work: () => Promise<void>): void => {
        tail = tail.then(work).catch((error: unknown) => warn('the mirror of GitHub', error));
      };
      const unsubscribe = store.ledger.subscribe((record) => {
        if (!tells(record)) {
          if (waiting > 0) return;
          upto = record.seq + 1;
          if (upto - said >= BEHIND && mirrors()) then(say);
          return;
        }
        waiting++;
        then(async () => {
          if (!stopped) await look(record);
          // One write for all that came together; what is told twice after a crash changes nothing.
          if (--waiting === 0 && !stopped && mirrors()) await say();
        });
      });
      waiting++;
      then(replay);
      releasers.push('the mirror of GitHub', async () => {
        unsubscribe();
        // What waits is looked at by the next daemon.
        stopped = true;
        await tail;
        if (mirrors()) await say().catch((error: unknown) => warn('the mirror of GitHub', error));
        await (await opened)?.close();
      });
    },
  };
}
