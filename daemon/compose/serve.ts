import type { z } from 'zod';
import type { Ready } from '../../contracts/api.ts';
import { fail } from '../../contracts/errors.ts';
import type { Settings } from '../config.ts';
import type { Deps } from '../ports/actions.ts';
import { createMetrics } from '../http/metrics.ts';
import { createServer } from '../http/server.ts';
import { ensureOwnerToken, ownerVerifier, type TokenVerifier } from '../http/token.ts';
import { proveInclusion } from '../ledger/index.ts';
import type { Chat } from '../ports/chat.ts';
import { superviseBots } from './bots.ts';
import { composeChat } from './chat.ts';
import { composeCosign } from './cosign.ts';
import type { Running } from './running.ts';
import { composeGithubDesk } from './github-desk.ts';
import type { Store } from './store.ts';

/** Puts the API in front of the door. Rejects `PORT_IN_USE`. */
export async function serve(
  store: Store,
  settings: Settings,
  version: string,
  running: Running,
  views: { status: Deps['status']; ready(): z.infer<typeof Ready> },
): Promise<{ url: string; socket: string; githubSettled(): Promise<void>; close(): Promise<void> }> {
  const { fs, home, clock, log, ledger, artifacts } = store;
  const { door, deps, jobs, live, refusals, people } = running;
  const owner = ownerVerifier(await ensureOwnerToken(fs, home.root));
  const chat = composeChat(store, running);
  const server = await createServer({
    door,
    identify(credential) {
      // The API lets bots no further than /v1/chat; no person stands behind one.
      if (credential.holder?.kind === 'bot') throw fail('BOT_REFUSED');
      // The socket and the owner's token both prove the operating-system user who owns the home.
      const person = people.owner();
      return { person, via: credential.client, account: `uid:${home.uid}`, interactive: true };
    },
    access: (caller, verb, project, env) => people.allows(caller.person, verb, project, env),
    projects: () => Object.keys(deps.config.current().config.projects),
    ledger,
    async proof(seq) {
      await ledger.checkpoint();
      return proveInclusion(home.ledger, seq);
    },
    live,
    status: views.status,
    jobs,
    chat,
    cosign: composeCosign(store, running),
    webhooks: running.features.webhooks,
    artifacts,
    async push(token, event, text) {
      if (running.features.probes === undefined) throw fail('PUSH_UNKNOWN');
      return running.features.probes.push(token, event, text);
    },
    metrics: createMetrics({
      home: home.root,
      version,
      ledger,
      jobs,
      grantsActive: () => views.status().grants_active,
      refusals: () => refusals.counts(),
      families: running.features.metrics,
    }),
    ready: views.ready,
    async refused({ error, caller, request, count }) {
      const actor = {
        person: caller?.person ?? 'nobody',
        via: caller?.via ?? 'api',
        ...(caller === undefined ? {} : { account: caller.account }),
      } as const;
      return refusals.record(actor, count > 1 ? `${request} (${count} alike)` : request, error, '');
    },
    verifiers: [owner, botVerifier(chat)],
    clock,
    fs,
    log,
    home: home.root,
    port: settings.port,
    version,
  });
  const { url, socket } = await server.listen();
  const desk = store.full === undefined ? composeGithubDesk(store, running) : undefined;
  const stopBots = store.full === undefined ? superviseBots(store, settings, running) : undefined;
  return {
    url,
    socket,
    githubSettled: () => desk?.settled() ?? Promise.resolve(),
    async close() {
      chat.quiet();
      await desk?.stop();
      await stopBots?.();
      await server.close();
      chat.stop();
    },
  };
}

const botVerifier = (chat: Pick<Chat, 'verify'>): TokenVerifier => ({
  verify(token) {
    const id = chat.verify(token);
    return id === undefined ? undefined : { kind: 'bot', id };
  },
});
