import { SLACK_SCOPES } from '../contracts/chat-app.ts';
import { startSlack } from '../test/standins/slack/index.ts';
import type { Message } from '../test/standins/slack/world.ts';
import type { Stage } from './chat-town.ts';

const textOf = ({ blocks }: Pick<Message, 'blocks'>): string =>
  blocks
    .map((block) => ('text' in block && typeof block.text === 'object' ? (block.text?.text ?? '') : ''))
    .join('\n');

/** Slack's stand-in with a bot and a bare handler beside it. */
export async function stage(people: number): Promise<Stage> {
  const slack = await startSlack();
  const team = slack.addTeam('acme');
  const ops = slack.addChannel(team, 'ops');
  const persons = Array.from({ length: people }, (_, i) => slack.addMember(team, `p${i}`, [ops]));
  const [ours, bare] = [
    slack.addApp('reeve', { commands: ['/reeve'] }),
    slack.addApp('bare', { commands: ['/reeve'] }),
  ];
  ours.scopes = new Set(Object.keys(SLACK_SCOPES));
  const tokens = { ours: slack.install(ours, team, [ops]), bare: slack.install(bare, team, [ops]) };
  return {
    chat: `chat:\n  slack: { team: ${team.id}, app: ${ours.id}, channels: { default: ${ops.id} } }\n`,
    account: (i) => `${team.id}/${persons[i]?.id ?? ''}`,
    env: {
      REEVE_SLACK_BOT_TOKEN: tokens.ours,
      REEVE_SLACK_APP_TOKEN: ours.appToken,
      REEVE_SLACK_API: slack.api,
    },
    bare: [slack.api, tokens.bare, bare.appToken],
    hears: (who) => slack.socket.of(who === 'ours' ? ours : bare).length > 0,
    async ask(who, person, words, options) {
      const began = performance.now();
      const line = [
        words,
        ...Object.entries(options).map(([name, value]) => `--${name.replaceAll('_', '-')} ${value}`),
      ].join(' ');
      const turn = await persons[person]?.slash(ops, '/reeve', line, { app: who === 'ours' ? ours : bare });
      const acknowledged = performance.now() - began;
      if (turn === undefined || turn.notice !== undefined) throw new Error(`no answer: ${turn?.notice}`);
      return {
        acknowledged,
        answered: () =>
          turn.response().then((message) => ({ ms: performance.now() - began, text: textOf(message) })),
        press: async (label) => void (await persons[person]?.click(await turn.response(), label)),
      };
    },
    running(title) {
      const found = [...slack.world.messages.values()].find(
        (one) =>
          one.ephemeralFor === undefined && textOf(one).includes(title) && !textOf(one).includes('passed'),
      );
      return found && { edits: () => found.history.length, text: () => textOf(found) };
    },
    until: (what, ms) => slack.changes.until(what, 'it', ms),
    close: () => slack.close(),
  };
}
