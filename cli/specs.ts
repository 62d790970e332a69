import type { ArgSpec, CommandSpec } from '../contracts/catalogue.ts';

/** Commands that the CLI answers itself, so that they work, and teach, without a daemon. */
export const LOCAL = [
  'up',
  'status',
  'open',
  'demo',
  'doctor',
  'completion',
  'key new',
  'key public',
  'approve',
  'deny',
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
const keyFile = arg('key', 'string', 'your key; default: approver.key in the home');
const requestId = arg('request', 'request', 'request id', { required: true, position: 0 });
const at = arg(
  'at',
  'string',
  'a daemon by its port, also through a tunnel; default: the socket of the home, then http://127.0.0.1:7333',
);
const SIGNING =
  'On your own machine: ssh -N -L 7333:127.0.0.1:7333 HOST leads to the daemon, and your key says who you are. Without a key it is `reeve grant approve` (or deny) on the socket of the home.';
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
  command(
    'doctor',
    'Daemon',
    'Look at everything that is set up: this machine, Discord, Slack',
    [arg('config', 'string', 'the estate; default: ./reeve.yaml, then the one that ships')],
    ['doctor', 'doctor --json'],
    'Changes nothing and needs no daemon. Each line says what was found and, where something is to be done, the one next step. Exit code 1 when something is wrong, 4 when nothing is but not all could be looked at.',
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
    'key new',
    'Grants',
    'Make a key of your own that signs your approvals; it stays on this machine',
    [keyFile],
    ['key new', 'key new --key /media/stick/approver.key'],
    'Prints the line that an admin enrols with `reeve key enrol`. The file is for you alone (0600); nothing ever sends it anywhere.',
  ),
  command('key public', 'Grants', 'The public half of your key, to be enrolled', [keyFile], ['key public']),
  command(
    'approve',
    'Grants',
    'Look at a request with its whole plan, and sign your approval with your own key',
    [requestId, at, keyFile],
    ['approve req_…', 'approve req_… --at http://127.0.0.1:7333'],
    SIGNING,
  ),
  command(
    'deny',
    'Grants',
    'Turn a request down, signed with your own key',
    [requestId, at, keyFile],
    ['deny req_… --reason "not on a Friday"'],
    SIGNING,
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
