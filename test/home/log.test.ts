import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openLog, type Log } from '../../daemon/log.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true, maxRetries: 20 });
});

async function fresh(): Promise<{ file: string; log: Log; lines: () => Record<string, unknown>[] }> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-log-'));
  dirs.push(dir);
  const file = path.join(dir, 'reeve.log');
  const log = await openLog({ file, now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) });
  const lines = (): Record<string, unknown>[] => {
    log.close();
    const text = fs.readFileSync(file, 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { file, log, lines };
}

test('a line has time, level, part, fields and message; the file is 0600', async () => {
  const { file, log, lines } = await fresh();
  log.child('ledger').info('opened', { size: 3 });
  expect(lines()).toEqual([
    { level: 'info', time: '2026-01-02T03:04:05.006Z', part: 'ledger', size: 3, msg: 'opened' },
  ]);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test('the level can be changed while it is open, for children too', async () => {
  const { log, lines } = await fresh();
  const child = log.child('x');
  child.debug('not yet');
  log.level = 'debug';
  child.debug('now');
  log.level = 'error';
  child.warn('no more');
  expect(lines().map((l) => l['msg'])).toEqual(['now']);
});

test('attack 49: secret fields and secret values do not enter the log', async () => {
  const { log, lines, file } = await fresh();
  log.redactWith((text) => text.replaceAll('hunter2-hunter2', '[redacted]'));
  log.info('said hunter2-hunter2', {
    token: 'reeve1.abc.def',
    request: { authorization: 'Bearer xyz', url: '/?p=hunter2-hunter2' },
    error: new Error('bad hunter2-hunter2', { cause: new Error('also hunter2-hunter2') }),
  });
  expect(lines()).toHaveLength(1);
  expect(fs.readFileSync(file, 'utf8')).not.toMatch(/hunter2-|reeve1|xyz/);
});

test('attack 51: line ends, ANSI, bidi and U+2028 stay inside one line as escapes and read back exactly', async () => {
  const { log, lines, file } = await fresh();
  const evil = 'a\r\nb\u001b[2Jc\u202Ed\u2028e\u0085f\u2066g\u009bh';
  log.warn(evil, { evil });
  const [line] = lines();
  expect([line?.['msg'], line?.['evil']]).toEqual([evil, evil]);
  const raw = fs.readFileSync(file, 'utf8');
  expect(raw.split('\n')).toHaveLength(2);
  // oxlint-disable-next-line no-control-regex
  expect(raw.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
});

test('errors keep code and cause; cycles and depth are bounded', async () => {
  const { log, lines } = await fresh();
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  log.error('x', {
    error: Object.assign(new Error('top', { cause: new Error('deep') }), { code: 'EIO' }),
    loop,
  });
  const [line] = lines();
  expect(line?.['error']).toMatchObject({ message: 'top', code: 'EIO', cause: { message: 'deep' } });
});

test('attack 59: a log that is a symbolic link or a pipe is refused', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-log-'));
  dirs.push(dir);
  fs.symlinkSync('/dev/null', path.join(dir, 'a.log'));
  const now = (): number => 0;
  await expect(openLog({ file: path.join(dir, 'a.log'), now })).rejects.toMatchObject({
    code: 'HOME_INSECURE',
  });
  await expect(openLog({ file: '/dev/null', now })).rejects.toMatchObject({ code: 'HOME_INSECURE' });
  await expect(openLog({ file: path.join(dir, 'no/b.log'), now })).rejects.toMatchObject({
    code: 'LOG_UNWRITABLE',
  });
});

test('nothing after close, and closing twice is fine', async () => {
  const { log, lines } = await fresh();
  log.info('one');
  log.close();
  log.info('two');
  log.close();
  expect(lines().map((l) => l['msg'])).toEqual(['one']);
});
