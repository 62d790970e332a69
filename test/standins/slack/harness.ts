import { App as Bolt, LogLevel, SocketModeReceiver, type AppOptions, type Logger } from '@slack/bolt';
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

export interface BoltOptions {
  clientOptions?: AppOptions['clientOptions'];
  /** Off where a reconnect must not happen: Bolt's own one rejects where nobody can catch it. */
  reconnect?: boolean;
  /** How long Bolt waits for a pong, and before it reconnects, ms. */
  pingTimeout?: number;
  errors?: Error[];
}

/** A team with a channel, a person and an app, and the real Bolt as the app. Closed when the test ends. */
export async function scene(listen: (bolt: Bolt) => void, options: BoltOptions = {}): Promise<Scene> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const team = slack.addTeam('acme');
  const ops = slack.addChannel(team, 'ops');
  const ada = slack.addMember(team, 'ada', [ops]);
  const app = slack.addApp('reeve');
  const token = slack.install(app, team, [ops]);
  const errors: Error[] = [];
  const bolt = await connect(slack, app, token, listen, { errors, ...options });
  return { slack, app, token, team, ops, ada, bolt, errors };
}

/** Connects the real Bolt over Socket Mode. */
export async function connect(
  slack: SlackStandin,
  app: App,
  token: string,
  listen: (bolt: Bolt) => void = () => {},
  { clientOptions = {}, reconnect = true, pingTimeout = 5_000, errors = [] }: BoltOptions = {},
): Promise<Bolt> {
  const options = { slackApiUrl: slack.api, retryConfig: { retries: 0 }, ...clientOptions };
  const receiver = new SocketModeReceiver({
    appToken: app.appToken,
    clientPingTimeout: pingTimeout,
    autoReconnectEnabled: reconnect,
    logger: silent,
    installerOptions: { clientOptions: options },
  });
  const bolt = new Bolt({
    token,
    receiver,
    deferInitialization: true,
    logger: silent,
    clientOptions: options,
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

/** Tests look at what happened, not at what Bolt says about it. */
const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};
