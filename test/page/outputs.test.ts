import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { REPO } from '../helpers/daemon.ts';

interface Outputs {
  lines(job: string): string[] | undefined;
  lacks(job: string): boolean;
  heard(event: { job_id: string; attempt_id: string; at?: number; lines: string[] }): void;
}
const { Outputs: Kept } = (await import(pathToFileURL(path.join(REPO, 'web/output.js')).href)) as {
  Outputs: new () => Outputs;
};

test('a page that stands open for weeks keeps what the newest jobs printed, and asks again for the rest', () => {
  const outputs = new Kept();
  const heard = (n: number, lines: string[], at: number): void =>
    outputs.heard({ job_id: `job_${n}`, attempt_id: `job_${n}.1`, at, lines });
  expect(outputs.lacks('job_0')).toBe(true);
  expect(outputs.lacks('job_1')).toBe(true);
  heard(0, ['begins'], 0);
  for (let n = 1; n <= 1000; n++) {
    heard(n, [`line of ${n}`], 0);
    // One that goes on all the time stays.
    heard(0, [`after ${n}`], n);
  }
  const kept = Array.from({ length: 1001 }, (_, n) => n).filter(
    (n) => outputs.lines(`job_${n}`) !== undefined,
  );
  expect(kept).toEqual([0, ...Array.from({ length: 49 }, (_, n) => 952 + n)]);
  expect(outputs.lines('job_0')).toHaveLength(200);
  expect(outputs.lines('job_0')?.at(-1)).toBe('after 1000');
  expect(outputs.lacks('job_0')).toBe(false);
  expect(outputs.lacks('job_1')).toBe(true);
});
