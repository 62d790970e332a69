import type { Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import { SLACK_SCOPES } from '../../contracts/chat-app.ts';
import { cut, harmless } from '../dispatch/text.ts';
import { ROOT } from '../dispatch/tree.ts';

/** Slack's limits on an app's slash commands and shortcuts (Slack API docs, "App manifest reference"). */
const COMMANDS = 50;
const SHORTCUTS = 10;
const NAME = /^[a-z0-9][a-z0-9_-]{0,30}$/;

/** An app's manifest, as far as Reeve says what stands in it. Keys and order are always the same. */
export interface Manifest {
  display_information: { name: string; description: string };
  features: {
    bot_user: { display_name: string; always_online: boolean };
    slash_commands: {
      command: string;
      /** Where Slack calls; absent over Socket Mode. */
      url?: string;
      description: string;
      usage_hint?: string;
      should_escape: boolean;
    }[];
    /** Absent before the catalogue is known. */
    shortcuts?: { name: string; type: 'message'; callback_id: string; description: string }[];
  };
  oauth_config: { scopes: { bot: string[] } };
  settings: {
    interactivity: { is_enabled: boolean; request_url?: string; message_menu_options_url?: string };
    org_deploy_enabled: boolean;
    socket_mode_enabled: boolean;
    token_rotation_enabled: boolean;
  };
}

/** Runbooks that have a slash command of their own on Slack, and those that only `/reeve <name>` reaches. */
export function ownCommands(catalogue: Pick<Catalogue, 'commands'>): {
  own: CommandSpec[];
  left: CommandSpec[];
} {
  const runbooks = catalogue.commands.filter((spec) => spec.runbook !== undefined);
  const fits = runbooks.filter((spec) => NAME.test(spec.name) && spec.name !== ROOT);
  const own = fits.slice(0, COMMANDS - 1);
  return { own, left: runbooks.filter((spec) => !own.includes(spec)) };
}

/** The manifest of a catalogue: the same catalogue is the same manifest. `endpoint`: what Slack calls; without it, Socket Mode. */
export function manifestOf(catalogue: Pick<Catalogue, 'commands'>, endpoint?: string): Manifest {
  const at = endpoint === undefined ? {} : { url: endpoint };
  return {
    display_information: {
      name: 'Reeve',
      description: 'Runbooks, grants and jobs, asked for and approved in chat',
    },
    features: {
      bot_user: { display_name: 'reeve', always_online: false },
      slash_commands: [
        {
          command: `/${ROOT}`,
          ...at,
          description: 'Operations: alone it opens a form, with words it is a command line',
          usage_hint: 'help | status | deploy --project shop --env prod | …',
          should_escape: false,
        },
        ...ownCommands(catalogue).own.map((spec) => ({ ...commandOf(spec), ...at })),
      ],
      ...shortcutsOf(catalogue),
    },
    oauth_config: { scopes: { bot: Object.keys(SLACK_SCOPES) } },
    settings: {
      interactivity: {
        is_enabled: true,
        ...(endpoint === undefined ? {} : { request_url: endpoint, message_menu_options_url: endpoint }),
      },
      org_deploy_enabled: false,
      socket_mode_enabled: endpoint === undefined,
      token_rotation_enabled: false,
    },
  };
}

/** What a shortcut of a message asks, as its callback id. */
const SHORTCUT = 'reeve ';
export const shortcutCommand = (callback: string): string | undefined =>
  callback.startsWith(SHORTCUT) ? callback.slice(SHORTCUT.length) : undefined;

/** What can be asked of a message. */
function shortcutsOf({ commands }: Pick<Catalogue, 'commands'>): Pick<Manifest['features'], 'shortcuts'> {
  const shortcuts = commands.flatMap(({ name, menu, summary }) =>
    menu === undefined
      ? []
      : [
          {
            name: menu,
            type: 'message' as const,
            callback_id: `${SHORTCUT}${name}`,
            description: cut(harmless(summary).trim(), 150),
          },
        ],
  );
  return shortcuts.length === 0 ? {} : { shortcuts: shortcuts.slice(0, SHORTCUTS) };
}

function commandOf({ name, summary, args }: CommandSpec): Manifest['features']['slash_commands'][number] {
  const words = args.map((arg) => {
    const word = arg.position === undefined ? `--${arg.flag}` : arg.flag;
    return arg.required ? word : `[${word}]`;
  });
  const hint = cut(harmless(words.join(' ')), 1000);
  return {
    command: `/${name}`,
    description: cut(harmless(summary).trim(), 2000) || name,
    ...(hint === '' ? {} : { usage_hint: hint }),
    should_escape: false,
  };
}

/** What a person has to know of a change: one line for each command and shortcut that came, went or reads differently, and for the rest. */
export function changesOf(before: Manifest | undefined, now: Manifest): string[] {
  const old = namedOf(before);
  const fresh = namedOf(now);
  const without = (manifest: Manifest | undefined): string =>
    JSON.stringify({
      ...manifest,
      features: { ...manifest?.features, slash_commands: [], shortcuts: [] },
    });
  return [
    ...[...fresh.keys()].filter((name) => !old.has(name)).map((name) => `+ ${name}`),
    ...[...old.keys()].filter((name) => !fresh.has(name)).map((name) => `- ${name}`),
    ...[...fresh]
      .filter(([name, text]) => old.has(name) && old.get(name) !== text)
      .map(([name]) => `~ ${name}`),
    ...(before !== undefined && without(before) === without(now) ? [] : ['~ scopes and settings']),
  ];
}

/** Commands and shortcuts, by what people call them. */
const namedOf = (manifest: Manifest | undefined): Map<string, string> =>
  new Map([
    ...(manifest?.features.slash_commands ?? []).map((one): [string, string] => [
      one.command,
      JSON.stringify(one),
    ]),
    ...(manifest?.features.shortcuts ?? []).map((one): [string, string] => [
      `"${one.name}" in the menu of messages`,
      JSON.stringify(one),
    ]),
  ]);
