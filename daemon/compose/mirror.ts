import path from 'node:path';
import type { RecordBody } from '../../contracts/record.ts';
import type { Releasers } from '../lifecycle.ts';
import type { Mirror } from '../ports/mirror.ts';
import type { GithubMirror } from '../sync/github/mirror.ts';
import type { FeatureContext } from './features.ts';
import type { WebhooksFeature } from './webhooks.ts';

/** Events that tell of what is mirrored. */
const EVENTS = new Set(['release', 'deployment', 'workflow_run', 'issues']);

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
  let opened: Promise<GithubMirror> | undefined;
  let tail: Promise<void> = Promise.resolve();
  const files = (): Promise<GithubMirror> =>
    (opened ??= import('../sync/github/mirror.ts').then(
      ({ GithubMirror }) =>
        new GithubMirror({ fs: store.fs, clock: store.clock, folder: path.join(store.home.root, 'mirror') }),
    ));

  async function hear(delivery: RecordBody<'webhook.received'>, at: number): Promise<void> {
    const { itemIn, kindOfEvent } = await import('../sync/github/delivery.ts');
    const kind = kindOfEvent(delivery.event);
    if (kind === undefined) return;
    const body = await webhooks.bodyAt(delivery.at, delivery.payload.digest ?? '', delivery.delivery);
    const told = itemIn(kind, body, at, clean);
    if (told === undefined || github.projectOf(told.repository) === undefined) return;
    const mirror = await files();
    const { label } = config.current().config.sync.github;
    const { repository, item } = told;
    const named = Object.keys(config.current().config.integrations.github?.repositories ?? {});
    const before = (await mirror.repositories()).find(({ id }) => id === repository.id);
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
      const unsubscribe = store.ledger.subscribe((record) => {
        if (record.type !== 'webhook.received') return;
        const { source, event } = record.body;
        if (source !== 'github' || !EVENTS.has(event)) return;
        const { body, ts } = record;
        // What fails here is made up for by the next sync job.
        tail = tail.then(() => hear(body, ts)).catch((error: unknown) => warn('the mirror of GitHub', error));
      });
      releasers.push('the mirror of GitHub', async () => {
        unsubscribe();
        await tail;
        await (await opened)?.close();
      });
    },
  };
}
