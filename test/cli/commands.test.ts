import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ArgSpec } from '../../contracts/catalogue.ts';
import { errorTable } from '../../contracts/errors.ts';
import { reeve } from '../helpers/cli.ts';
import { JOB, specOf, StandinDaemon } from '../helpers/standin-daemon.ts';

const arg = (name: string, type: ArgSpec['type'], part: Partial<ArgSpec> = {}): ArgSpec => ({
  name,
  flag: name.replaceAll('_', '-'),
  type,
  description: `the ${name}`,
  required: false,
  ...part,
});

const GRANT = specOf('preauth create-grant', {
  kind: 'admin',
  args: [
    arg('project_ids', 'list', { required: true }),
    arg('auto_deploy_dev', 'boolean', { negatable: true }),
    arg('auto_deploy_prod', 'boolean', { negatable: true }),
    arg('break_glass', 'boolean'),
    arg('expires_in_hours', 'integer', { default: 1 }),
    arg('cap', 'list'),
    arg('cls', 'enum', { choices: ['std', 'break_glass'] }),
    arg('wait', 'duration'),
    arg('extra', 'json'),
    arg('reason', 'string'),
  ],
  examples: ['preauth create-grant --project-ids my-project --auto-deploy-dev'],
});
const SHOW = specOf('jobs show', { args: [arg('job', 'job', { required: true, position: 0 })] });
const NOTE = specOf('note', { kind: 'admin', args: [arg('words', 'list', { required: true, position: 0 })] });
const COMMANDS = [
  GRANT,
  SHOW,
  NOTE,
  specOf('jobs list', { aliases: ['jobs'] }),
  specOf('verify-factory'),
  specOf('ci lint-workflows'),
  specOf('deploy', {
    kind: 'privileged',
    args: [arg('project', 'project', { required: true }), arg('env', 'environment')],
  }),
];

test('a secret comes over standard input for `-`, and nothing else does', async () => {
  const set = specOf('secret set', {
    kind: 'admin',
    args: [
      arg('name', 'string', { required: true, position: 0 }),
      arg('value', 'string', { required: true, concealed: true }),
      arg('note', 'string'),
    ],
  });
  await using daemon = await new StandinDaemon({ commands: [set] }).start();
  const line = ['secret', 'set', 'key', '--value', '-', '--note', '-'];
  expect((await reeve(daemon.home, line, { input: 'whsec_abc=\n' })).code).toBe(0);
  expect(daemon.commands.at(-1)?.args).toEqual({ name: 'key', value: 'whsec_abc=', note: '-' });
  const before = daemon.commands.length;
  const empty = await reeve(daemon.home, line, { input: '' });
  expect(empty.code).toBe(2);
  expect(empty.err).toContain('standard input, which is empty');
  expect(daemon.commands.length).toBe(before);
});

test('a command that stands under one with options of its own has its own; what it does not know is refused', async () => {
  const project = arg('project', 'project', { required: true });
  const commands = [
    specOf('work list', { aliases: ['work'], args: [arg('project', 'project'), arg('all', 'boolean')] }),
    specOf('work open', { args: [arg('title', 'string', { required: true, position: 0 }), project] }),
    specOf('mend', { kind: 'privileged', args: [project] }),
    specOf('mend reset', { args: [arg('rule', 'string', { required: true, position: 0 })] }),
  ];
  await using daemon = await new StandinDaemon({ commands }).start();
  for (const line of [
    'work open slow --project a',
    'work --project a open slow',
    'work --project b',
    'mend --project a',
  ])
    expect((await reeve(daemon.home, line.split(' '))).code, line).toBe(0);
  expect((await reeve(daemon.home, ['mend', 'reset', 'web'])).code).toBe(0);
  expect(daemon.commands.map(({ command, args }) => [command, args])).toEqual([
    ['work open', { title: 'slow', project: 'a' }],
    ['work open', { title: 'slow', project: 'a' }],
    ['work list', { project: 'b' }],
    ['mend', { project: 'a' }],
    ['mend reset', { rule: 'web' }],
  ]);
  const refused = await reeve(daemon.home, ['work', 'open', 'slow', '--project', 'a', '--all']);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('work open has no option --all');
  const help = await reeve(daemon.home, ['mend', '--help']);
  expect(help.out).toContain('reeve mend --project PROJECT');
  expect(help.out).toContain('reeve mend reset');
});

test('a command line becomes the request its catalogue entry describes', async () => {
  await using daemon = await new StandinDaemon({ commands: COMMANDS }).start();
  const line =
    'preauth create-grant --project-ids a,b --project-ids c --auto-deploy-dev --no-auto-deploy-prod --break-glass ' +
    '--expires-in-hours 2 --cls std --wait 15m --extra {"a":[1]} --reason because';
  const { code, out } = await reeve(daemon.home, line.split(' '));
  expect({ code, out }).toEqual({ code: 0, out: 'did preauth create-grant\n' });
  const [request] = daemon.commands;
  expect(request).toMatchObject({
    command: 'preauth create-grant',
    reason: 'because',
    force: false,
    interactive: false,
    args: {
      project_ids: ['a', 'b', 'c'],
      auto_deploy_dev: true,
      auto_deploy_prod: false,
      break_glass: true,
      expires_in_hours: 2,
      cls: 'std',
      wait: '15m',
      extra: { a: [1] },
      reason: 'because',
    },
  });
  expect(request?.nonce).toMatch(/^[0-9a-f-]{36}$/);
  expect(daemon.asked.at(-1)?.headers['reeve-client']).toBe('cli');
});

test('positional words, their flag form, lists to the end of the line, and global options anywhere', async () => {
  await using daemon = await new StandinDaemon({ commands: COMMANDS }).start();
  await reeve(daemon.home, ['jobs', 'show', JOB]);
  await reeve(daemon.home, ['--json', 'jobs', 'show', '--job', JOB]);
  await reeve(daemon.home, ['note', 'three', 'short', 'words', '--nonce', 'n1']);
  await reeve(daemon.home, [
    'deploy',
    '--project',
    'p',
    '--force',
    '--preauth-grant',
    'gr_1',
    '--dry-run',
    '--confirm',
    'd',
  ]);
  expect(daemon.commands.map((c) => c.args)).toEqual([
    { job: JOB },
    { job: JOB },
    { words: ['three', 'short', 'words'] },
    { project: 'p' },
  ]);
  expect(daemon.commands[2]?.nonce).toBe('n1');
  expect(daemon.commands[3]).toMatchObject({ force: true, grant: 'gr_1', dry_run: true, confirm: 'd' });
});

test.each([
  ['jobs lits', 'There is no command jobs lits.', 'reeve jobs list'],
  ['verify-factry', 'There is no command verify-factry.', 'reeve verify-factory'],
  ['ci lint-workflow', 'There is no command ci lint-workflow.', 'reeve ci lint-workflows'],
  ['depoly --project p', 'There is no command depoly.', 'reeve deploy'],
  ['ledger tail --limit 3', 'ledger tail has no option --limit.', 'Did you mean --lines?'],
  ['deploy --environment prod', 'deploy has no option --environment.', 'Did you mean --env?'],
  ['deploy --porject p', 'deploy has no option --porject.', '--project'],
  ['deploy --project p --farce', 'deploy has no option --farce.', 'See `reeve deploy --help`'],
  ['deploy', 'deploy needs --project.', 'For example'],
  ['jobs show', 'jobs show needs JOB.', 'For example'],
  ['jobs show a b', 'jobs show does not know what to do with "b".', 'For example'],
  ['deploy --project', '--project needs a value', '--help'],
  ['deploy --project a --project b', '--project is given 2 times.', 'once'],
  ['preauth create-grant --project-ids a --cls sdt', '--cls is one of std, break_glass, not "sdt".', 'std'],
  ['preauth create-grant --project-ids a --expires-in-hours 1.5', 'takes a whole number', '--help'],
  ['preauth create-grant --project-ids a --wait soon', 'takes a duration', '--help'],
  ['preauth create-grant --project-ids a --extra {', 'takes JSON', '--help'],
  [
    'preauth create-grant --project-ids a --auto-deploy-dev --no-auto-deploy-dev',
    'exclude each other',
    'one',
  ],
])('a mistyped line is refused and set right: %s', async (line, says, hint) => {
  await using daemon = await new StandinDaemon({ commands: COMMANDS }).start();
  const { code, out, err } = await reeve(daemon.home, line.split(' '));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(says);
  expect(err).toContain(hint);
  expect(err).not.toMatch(/\n\s+at |node:/);
  expect(daemon.commands).toEqual([]);
});

test('every error code leaves with the exit code of the table', async () => {
  for (const code of [
    'GRANT_EXPIRED',
    'LEDGER_CORRUPT',
    'ARGUMENTS_INVALID',
    'STEP_FAILED',
    'NOT_READY',
  ] as const) {
    const { status, exit } = errorTable[code];
    const error = {
      code,
      status,
      message: 'no',
      hint: 'do this',
      at: 'reeve.yaml:3',
      more: ['and that'],
      ledger_seq: 9,
    };
    await using daemon = await new StandinDaemon({
      commands: COMMANDS,
      reply: () => ({ ok: false, error }),
    }).start();
    const ran = await reeve(daemon.home, ['jobs', 'list']);
    const want = { failed: 1, usage: 2, refused: 3, unreachable: 4, integrity: 5 } as const;
    expect(ran.code, code).toBe(want[exit]);
    expect(ran.err).toContain(`✗ no\n  at reeve.yaml:3\n  and that\n  → do this\n  ${code}, ledger record 9`);
  }
});

test('--json prints one document and nothing else, for answers, refusals and mistakes', async () => {
  const error = { code: 'HALTED', status: 423, message: 'halted', hint: 'resume' };
  await using daemon = await new StandinDaemon({
    commands: COMMANDS,
    reply: (r) =>
      r.command === 'deploy' ? { ok: false, error, data: null } : { data: { n: 1 }, title: '\u001b[31m' },
  }).start();
  const good = await reeve(daemon.home, ['jobs', '--json']);
  expect(good).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(good.out)).toEqual({ ok: true, command: 'jobs list', data: { n: 1 } });
  const refused = await reeve(daemon.home, ['deploy', '--project', 'p', '--json']);
  expect(refused).toMatchObject({ code: 3, err: '' });
  expect(JSON.parse(refused.out)).toEqual({ ok: false, command: 'deploy', data: null, error });
  const wrong = await reeve(daemon.home, ['deploy', '--json', '--nope']);
  expect(wrong).toMatchObject({ code: 2, err: '' });
  expect(JSON.parse(wrong.out)).toMatchObject({ ok: false, error: { code: 'USAGE' } });
  const status = await reeve(daemon.home, ['status', '--json']);
  expect(JSON.parse(status.out)).toMatchObject({
    ok: true,
    command: 'status',
    data: { estate: 'my-estate' },
  });
});

test('attack 51: nothing the daemon says acts on the terminal', async () => {
  const nasty = 'a\u001b[2J\u202eb\u0085\rc\u2028';
  await using daemon = await new StandinDaemon({
    commands: [...COMMANDS, specOf('evil', { summary: nasty, group: nasty, examples: [nasty] })],
    reply: () => ({
      title: nasty,
      blocks: [
        { type: 'text', text: nasty },
        {
          type: 'fields',
          fields: [
            { label: nasty, value: nasty },
            { label: 'id', value: { id: nasty } },
          ],
        },
        {
          type: 'table',
          columns: [{ label: nasty }],
          rows: [[nasty], [{ tone: 'bad', text: nasty }]],
          empty: nasty,
        },
        { type: 'code', language: nasty, text: nasty },
        {
          type: 'steps',
          steps: [{ name: nasty, kind: nasty, on: 'normal', summary: nasty, status: 'FAIL', why: nasty }],
        },
        { type: 'progress', label: nasty, done: 1, total: 2 },
        { type: 'buttons', buttons: [{ label: nasty, command: nasty, tone: 'warn' }] },
        { type: 'choices', label: nasty, choices: [{ label: nasty, value: nasty }] },
        { type: 'file', name: nasty, mediaType: nasty, text: nasty },
        { type: 'hint', text: nasty },
      ],
      error: { code: 'HALTED', status: 423, message: nasty, hint: nasty, at: nasty, more: [nasty] },
    }),
  }).start();
  for (const line of [['evil'], ['evil', '--wide'], ['evil', '--help'], ['--help'], ['evil', '--json']]) {
    const { out, err } = await reeve(daemon.home, line);
    expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
    expect(out + err).not.toBe('');
  }
  const { out } = await reeve(daemon.home, ['evil']);
  expect(out.match(/a␛\[2J‹U\+202E›b‹U\+0085›␍c‹U\+2028›/g)?.length).toBeGreaterThanOrEqual(14);
});

test('every kind of cell is shown in words, whole with --wide, without colour when it is no terminal', async () => {
  await using daemon = await new StandinDaemon({
    commands: COMMANDS,
    reply: () => ({
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Id' },
            { label: 'Status' },
            { label: 'Took' },
            { label: 'Size' },
            { label: 'When' },
            { label: 'N' },
          ],
          rows: [
            [
              { id: JOB },
              { status: 'PASS' },
              { duration: 80_000 },
              { bytes: 1536 },
              { time: Date.now() - 7_300_000 },
              null,
            ],
          ],
          empty: 'none',
        },
      ],
    }),
  }).start();
  const { out } = await reeve(daemon.home, ['jobs']);
  expect(out).toContain('job_1f2e3d4c  ✓ PASS  1m 20s  1.5 KiB');
  expect(out).toContain('(2 h ago)');
  expect(out).not.toContain('\u001b');
  expect((await reeve(daemon.home, ['jobs', '--wide'])).out).toContain(JOB);
  expect((await reeve(daemon.home, ['jobs'], { env: { FORCE_COLOR: '1' } })).out).toContain(
    '\u001b[32m✓ PASS',
  );
  expect((await reeve(daemon.home, ['jobs', '--no-color'], { env: { FORCE_COLOR: '1' } })).out).not.toContain(
    '\u001b',
  );
});

test('help: the first screen fits, each command has its examples, and all of it is there while the daemon is not', async () => {
  await using daemon = await new StandinDaemon({ commands: COMMANDS }).start();
  const first = await reeve(daemon.home, ['--help']);
  await daemon.stop();
  const later = await reeve(daemon.home, ['--help']);
  expect(later).toEqual(first);
  const lines = first.out.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(40);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  expect(first.out).toContain('preauth create-grant');
  const help = await reeve(daemon.home, ['preauth', 'create-grant', '--help']);
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toContain('reeve preauth create-grant --project-ids my-project --auto-deploy-dev');
  expect(help.out).toContain('--[no-]auto-deploy-prod');
  expect((await reeve(daemon.home, ['help', 'jobs', 'show'])).out).toContain('reeve jobs show JOB');
  expect(await reeve(daemon.home, ['preauth'])).toMatchObject({ code: 2, out: '' });
});

test('--output saves the file of an answer and never overwrites one', async () => {
  await using daemon = await new StandinDaemon({
    commands: COMMANDS,
    reply: () => ({
      blocks: [{ type: 'file', name: 'r.md', mediaType: 'text/markdown', text: '# evidence\n' }],
    }),
  }).start();
  const target = join(daemon.home, 'saved.md');
  expect(await reeve(daemon.home, ['jobs', '-o', target])).toMatchObject({ code: 0, out: '' });
  expect(readFileSync(target, 'utf8')).toBe('# evidence\n');
  const again = await reeve(daemon.home, ['jobs', '-o', target]);
  expect(again.code).toBe(2);
  expect(again.err).toContain('there already');
});
