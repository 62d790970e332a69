import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { candidates } from '../../cli/completion/complete.ts';
import { LOCAL_SPECS } from '../../cli/specs.ts';
import { reeve } from '../helpers/cli.ts';
import { specOf, StandinDaemon } from '../helpers/standin-daemon.ts';

const CREATE = specOf('preauth create-grant', {
  args: [
    {
      name: 'cls',
      flag: 'cls',
      type: 'enum',
      description: 'class',
      required: false,
      choices: ['std', 'break_glass'],
    },
    { name: 'prod', flag: 'prod', type: 'boolean', description: 'prod', required: false, negatable: true },
  ],
});
const SHOW = specOf('jobs show', {
  args: [{ name: 'job', flag: 'job', type: 'job', description: 'job', required: true, position: 0 }],
});
const ALL = [...LOCAL_SPECS, CREATE, SHOW, specOf('jobs list', { aliases: ['jobs'] })];
const words = (...line: string[]): string[] | 'jobs' => {
  const found = candidates(ALL, line);
  return found === 'jobs' ? found : found.map(([word]) => word);
};

test('completes words, flags, choices and files', () => {
  expect(words('le')).toEqual(['ledger']);
  expect(words('ledger', '')).toEqual(['verify', 'tail', 'show', 'prove', 'checkpoint']);
  expect(words('--home', '/x', 'ledger', 'v')).toEqual(['verify']);
  expect(words('preauth', 'create-grant', '--cls', '')).toEqual(['std', 'break_glass']);
  expect(words('preauth', 'create-grant', '--no')).toEqual([
    '--no-prod',
    '--nonce',
    '--no-follow',
    '--no-color',
  ]);
  expect(words('completion', 'z')).toEqual(['zsh']);
  expect(words('up', '--config', '')).toEqual([':files']);
  expect(words('jobs', 'show', '')).toBe('jobs');
  expect(words('jobs', '')).toEqual(['show', 'list']);
});

test("knows the last daemon's commands while none runs, and its jobs while one does", async () => {
  await using daemon = await new StandinDaemon({ commands: [CREATE, SHOW] }).start();
  await reeve(daemon.home, ['--help']);
  expect((await reeve(daemon.home, ['__complete', 'jobs', 'show', ''])).out).toBe(
    'job_1f2e3d4c\tSelf restore PASS\n',
  );
  await daemon.stop();
  expect((await reeve(daemon.home, ['__complete', 'pre'])).out).toBe('preauth\tpreauth …\n');
  expect(await reeve(daemon.home, ['__complete', 'jobs', 'show', ''])).toMatchObject({ code: 0, out: '' });
});

test('attack 51: a word that would act on the shell or the terminal is not offered', async () => {
  await using daemon = await new StandinDaemon({}).start();
  const evil = {
    v: 1,
    digest: 'd',
    reeve: '0',
    commands: [{ ...SHOW, name: 'x\u001b[2J', summary: 'y\u202e' }],
  };
  writeFileSync(join(daemon.home, 'catalogue.json'), JSON.stringify(evil));
  const { out } = await reeve(daemon.home, ['__complete', '']);
  expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
  expect(out).not.toContain('x');
});

test('the bash script completes in a real bash', async () => {
  await using daemon = await new StandinDaemon({}).start();
  const { out } = await reeve(daemon.home, ['completion', 'bash']);
  const bin = resolve(import.meta.dirname, '../../cli/reeve');
  const script = `${out}\nCOMP_WORDS=(${bin} ledger v); COMP_CWORD=2; _reeve; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script], {
    env: { PATH: process.env['PATH'] ?? '', HOME: daemon.home, REEVE_HOME: daemon.home },
  });
  expect(stdout).toBe('verify\n');
});

test.each(['zsh', 'fish'])('there is a script for %s', async (shell) => {
  await using daemon = await new StandinDaemon({}).start();
  const { code, out } = await reeve(daemon.home, ['completion', shell]);
  expect(code).toBe(0);
  expect(out).toContain('__complete');
});
