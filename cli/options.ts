/** Options of every command. `peek` (globals.ts) has taken the first block out before commander sees the line. */
export const GLOBAL_OPTIONS = [
  { long: '--reason', flags: '--reason <text>', about: 'why, for the record' },
  { long: '--force', flags: '-y, --force', about: 'confirm whatever the plan is' },
  { long: '--confirm', flags: '--confirm <digest>', about: 'confirm the plan with this digest' },
  {
    long: '--typed',
    flags: '--typed <env>',
    about: 'beside --confirm, where the environment wants it typed',
  },
  {
    long: '--preauth-grant',
    flags: '--preauth-grant <id>',
    about: 'a grant made ahead, for unattended work',
  },
  { long: '--dry-run', flags: '--dry-run', about: 'show the plan, do nothing' },
  { long: '--nonce', flags: '--nonce <text>', about: 'the same nonce again is the same job, run once' },
  { long: '--follow', flags: '-f, --follow', about: 'watch the job until it ends' },
  { long: '--no-follow', flags: '--no-follow', about: 'return at once' },
  { long: '--output', flags: '-o, --output <file>', about: 'save the file of the answer there' },
] as const;

export const COMMON_OPTIONS = [
  ['--json', 'one JSON document on stdout (docs/json.md)'],
  ['--wide', 'whole ids and exact times, nothing cut'],
  ['--home DIR', 'another home (also REEVE_HOME)'],
  ['-q, --quiet', 'results only'],
  ['-v, --verbose', 'say more, on stderr'],
  ['--no-color', 'plain text (also NO_COLOR)'],
  ['--log-file FILE', 'where debug logs go'],
] as const;
