import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tempDir } from '../helpers/ledger.ts';
import { lacks } from '../helpers/needs.ts';

const none = lacks('unshare', 'util-linux') || lacks('ip', 'iproute2');

interface Told {
  found: { kind: string; verdict: string; why: string }[];
  reached: Record<string, number>;
  asked: number;
}

test.skipIf(none)(
  'attack 48: a name that really rebinds between two questions leads no probe to an address that was not allowed',
  async () => {
    const root = await tempDir();
    const resolv = join(root, 'resolv.conf');
    await writeFile(resolv, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
    const script = `ip link set lo up && ip address add 169.254.169.254/32 dev lo &&
      mount --bind "$1" /etc/resolv.conf && exec "$2" "$3"`;
    const child = join(import.meta.dirname, 'rebind-child.ts');
    const own = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const { stdout } = await promisify(execFile)('unshare', [
      ...[...own, '--net', '--mount', '--', 'sh', '-c', script, 'sh'],
      ...[resolv, process.execPath, child],
    ]);
    const { found, reached, asked } = JSON.parse(stdout) as Told;
    // It did rebind, both ways: some runs were led to the allowed address, some were refused, none was led astray.
    expect(reached['127.0.0.1']).toBeGreaterThan(0);
    expect(reached['169.254.169.254']).toBe(0);
    const refused = found.filter(({ why }) => why.includes('ADDRESS_REFUSED'));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ verdict, why }) => verdict !== 'up' && why.includes('169.254.169.254'))).toBe(
      true,
    );
    expect(found.some(({ kind, verdict }) => kind === 'http' && verdict === 'up')).toBe(true);
    for (const kind of new Set(found.map((one) => one.kind)))
      expect([kind, refused.some((one) => one.kind === kind)]).toEqual([kind, true]);
    // One question for each connection or redirect: what was judged is what is connected to.
    const hops = found.filter(({ kind }) => kind === 'http').length / 2;
    expect(asked).toBeLessThanOrEqual(found.length + hops);
  },
);
