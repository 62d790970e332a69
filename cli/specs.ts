import type { ArgSpec, CommandSpec } from '../contracts/catalogue.ts';

/** Commands that the CLI answers itself, so that they work, and teach, without a daemon. */
export const LOCAL = [
  'up',
  'status',
  'open',
  'demo',
  'completion',
  'ledger verify',
  'ledger tail',
  'ledger show',
  'ledger prove',
  'ledger checkpoint',
] as const;
export type LocalName = (typeof LOCAL)[number];

type More = Partial<Omit<ArgSpec, 'name' | 'type' | 'description'>>;
const arg = (name: string, type: ArgSpec['type'], description: string, more: More = {}): ArgSpec => ({
  name,
  flag: name.replaceAll('_', '-'),
  type,
  description,
  required: false,
  ...more,
});

const command = (
  name: LocalName,
  group: string,
  summary: string,
  args: ArgSpec[],
  examples: string[],
  description?: string,
): CommandSpec => ({
  name,
  summary,
  ...(description === undefined ? {} : { description }),
  group,
  verb: 'view',
  kind: 'read',
  destructive: false,
  args,
  examples,
  aliases: [],
});

const dir = arg('dir', 'string', 'folder of another ledger; default: the one of this home');
const keys = arg(
  'keys',
  'list',
  'public keys to believe (C2SP vkeys); default: those the ledger names itself',
);
const seq = (about: string, required: boolean): ArgSpec =>
  arg('seq', 'integer', about, { required, position: 0 });
const OFFLINE = 'Reads the files, with or without a daemon. Exit code 5 when something does not hold.';

export const LOCAL_SPECS: readonly CommandSpec[] = [
  command(
    'up',
    'Daemon',
    'Start the daemon here; Ctrl-C stops it',
    [
      arg('port', 'integer', 'port on 127.0.0.1; 0 takes any free one (also REEVE_PORT)', { default: 7333 }),
      arg('config', 'string', 'the estate; default: ./reeve.yaml, then the one that ships'),
      arg('drill', 'boolean', 'run the self-restore drill at once', { default: true }),
    ],
    ['up', 'up --port 0 --home /srv/reeve', 'up --config estate/reeve.yaml --no-drill'],
    'Makes the home with its keys at the first start, loads the estate, proves a restore of its own ledger, and serves.',
  ),
  command('status', 'Daemon', 'What runs, what is halted, the last drill', [], ['status', 'status --json']),
  command(
    'open',
    'Daemon',
    "Open the daemon's page in a browser",
    [
      arg('print_url', 'boolean', 'only print the address, with the token in its fragment'),
      arg('print_token', 'boolean', 'only print the token of this home'),
    ],
    ['open', 'open --print-url'],
  ),
  command('demo', 'Daemon', 'A two-minute tour in a home of its own', [], ['demo']),
  command(
    'completion',
    'Daemon',
    'A completion script for your shell',
    [arg('shell', 'enum', 'your shell', { required: true, position: 0, choices: ['bash', 'zsh', 'fish'] })],
    [
      'completion bash > ~/.local/share/bash-completion/completions/reeve',
      'completion zsh > "${fpath[1]}/_reeve"',
      'completion fish > ~/.config/fish/completions/reeve.fish',
    ],
  ),
  command(
    'ledger verify',
    'Ledger',
    'Check every record, the Merkle root and the signed checkpoints',
    [
      dir,
      keys,
      arg('anchored', 'string', 'a head kept elsewhere, SIZE:ROOT; shows whether records were cut off'),
    ],
    ['ledger verify', 'ledger verify --anchored 1204:3f2a…', 'ledger verify --dir /backup/ledger --json'],
    OFFLINE,
  ),
  command(
    'ledger tail',
    'Ledger',
    'The newest records',
    [
      dir,
      arg('lines', 'integer', 'how many', { default: 10 }),
      arg('type', 'string', 'only this type, e.g. job.queued'),
    ],
    ['ledger tail', 'ledger tail -n 50 --type admin.event', 'ledger tail -f'],
    'Reads the files, with or without a daemon. With -f it goes on, which needs the daemon.',
  ),
  command(
    'ledger show',
    'Ledger',
    'One record, whole',
    [seq('its number, from 0', true), dir],
    ['ledger show 0', 'ledger show 1204 --json'],
    OFFLINE,
  ),
  command(
    'ledger prove',
    'Ledger',
    'A proof that a record is in, or that the ledger only grew',
    [
      seq('the record', false),
      arg('since', 'integer', 'prove that the ledger extends the one of this size'),
      dir,
      keys,
    ],
    ['ledger prove 1204 --output record.tlog-proof', 'ledger prove --since 1000'],
    'Prints a proof (c2sp.org/tlog-proof) that anyone can check against a checkpoint.',
  ),
  command(
    'ledger checkpoint',
    'Ledger',
    'The newest signed head, to keep elsewhere',
    [dir, keys],
    ['ledger checkpoint', 'ledger checkpoint > head.txt'],
    OFFLINE,
  ),
];

export const isLocal = (name: string): name is LocalName => (LOCAL as readonly string[]).includes(name);
