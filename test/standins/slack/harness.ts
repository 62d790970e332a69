import { App as Bolt, type AppOptions, LogLevel } from '@slack/bolt';
import { onTestFinished } from 'vitest';
import { startSlack, type SlackStandin } from './index.ts';
import type { Person } from './person.ts';
import type { App, Channel, Team } from './world.ts';

export interface Scene {
  slack: SlackStandin;
  app: App;
  token: string;
  team: Team;
  ops: Channel;
  ada: Person;
  /** The real Bolt, connected over Socket Mode. */
  bolt: Bolt;
  /** What listeners threw. */
  errors: Error[];
}

/** A team with a channel, a person and an app, and the real Bolt as the app. Closed when the test ends. */
export async function scene(listen: (bolt: Bolt) => void, options: Partial<AppOptions> = {}): Promise<Scene> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const team = slack.addTeam('acme');
  const ops = slack.addChannel(team, 'ops');
  const ada = slack.addMember(team, 'ada', [ops]);
  const app = slack.addApp('reeve');
  const token = slack.install(app, team, [ops]);
  const errors: Error[] = [];
  const bolt = await connect(slack, app, token, listen, options, errors);
  return { slack, app, token, team, ops, ada, bolt, errors };
}

/** Connects the real Bolt over Socket Mode. */
export async function connect(
  slack: SlackStandin,
  app: App,
  token: string,
  listen: (bolt: Bolt) => void = () => {},
  options: Partial<AppOptions> = {},
  errors: Error[] = [],
): Promise<Bolt> {
  const bolt = new Bolt({
    token,
    appToken: app.appToken,
    socketMode: true,
    deferInitialization: true,
    logLevel: LogLevel.ERROR,
    ...options,
    clientOptions: { slackApiUrl: slack.api, retryConfig: { retries: 0 }, ...options.clientOptions },
  });
  bolt.error(async (error) => {
    errors.push(error);
    slack.changes.happened();
  });
  listen(bolt);
  await bolt.init();
  await bolt.start();
  onTestFinished(async () => {
    const { links } = slack.socket;
    const before = links.size;
    await bolt.stop();
    // It says "stopped" before its socket is closed, and would complain about one that is cut meanwhile.
    if (before > 0) await slack.until(() => links.size < before, 'the closing of the socket');
  });
  return bolt;
}
