import type { JsonObject } from '../../contracts/json.ts';
import { Credential } from '../integrations/github/credential.ts';
import type { GithubDesk } from '../integrations/github/index.ts';
import { webhooksProjection } from '../integrations/webhooks/projection.ts';
import type { Running } from './running.ts';
import { bindCommit } from './github-commit.ts';
import type { Store } from './store.ts';

/** Longest text of a reply in a comment; GitHub takes 65,536 characters. */
const VIEW = { title: 200, section: 50_000, sections: 1, file: 100_000 };

/** The GitHub side; loaded where reeve.yaml names an app or a token. `settled`: see there. */
export function composeGithubDesk(
  store: Store,
  running: Running,
): { settled(): Promise<void>; stop(): Promise<void> } {
  const { clock, ledger, state, artifacts, log } = store;
  const { deps, door, jobs, people, refusals, clean, features } = running;
  const { github } = features;
  const warn = (what: string, error: unknown): void => log.warn(what, { error: String(error) });
  let opened: Promise<{ desk: GithubDesk; stop(): Promise<void> }> | undefined;

  async function open(): Promise<{ desk: GithubDesk; stop(): Promise<void> }> {
    const [{ GithubDesk }, { parseLine, commandAt }, { replyView, viewOf }, { githubMarkup }] =
      await Promise.all([
        import('../integrations/github/index.ts'),
        import('../../bots/dispatch/line.ts'),
        import('../../bots/dispatch/view.ts'),
        import('../../bots/dispatch/markup/github.ts'),
      ]);
    const joined = ({ title, sections }: ReturnType<typeof viewOf>): string =>
      [`### ${title}`, ...sections].join('\n\n');
    const desk = new GithubDesk({
      clock,
      ledger,
      state,
      artifacts,
      github,
      door,
      jobs,
      config: deps.config,
      grants: deps.grants,
      alerts: features.alerts,
      identify: (id) => people.identify({ kind: 'github', id }),
      refused: (actor, command, error) => refusals.record(actor, command, error, ''),
      delivered: (id) => state.get(webhooksProjection).newest.findLast(({ delivery }) => delivery === id),
      body: ({ at, payload, delivery }) => features.webhookBody(at, payload.digest ?? '', delivery),
      speech: {
        parse(catalogue, line) {
          const said = parseLine(catalogue, line);
          return said.kind === 'help' ? undefined : { ...said, args: said.args as JsonObject };
        },
        named: commandAt,
        reply(reply) {
          const view = replyView(reply, githubMarkup, VIEW);
          return { text: joined(view), whole: view.files.length === 0 };
        },
        blocks: (title, blocks) => joined(viewOf({ tone: 'info', title, blocks }, githubMarkup, VIEW)),
      },
      bind: bindCommit(deps),
      clean,
      warn,
    });
    const stop = desk.start();
    return { desk, stop };
  }
  const begin = (): void => {
    if (!github.configured() && opened === undefined) {
      // An earlier daemon may have left it.
      new Credential({ alerts: features.alerts, github })
        .unneeded()
        .catch((error: unknown) => warn('github', error));
      return;
    }
    const there = opened !== undefined;
    opened ??= open();
    opened
      .then(({ desk }) => {
        if (there) desk.changed();
      })
      .catch((error: unknown) => warn('github', error));
  };
  begin();
  const unwatch = deps.config.onChange(begin);
  return {
    async settled() {
      await (await opened)?.desk.settled();
    },
    async stop() {
      unwatch();
      await (await opened?.catch(() => undefined))?.stop();
    },
  };
}
