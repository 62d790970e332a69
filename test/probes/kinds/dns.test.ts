import dns from 'node:dns';
import { expect, onTestFinished, test } from 'vitest';
import { TYPES, dnsServer, encodedName, word, type DnsAnswer } from '../../standins/dns.ts';
import { ask, complaints } from '../../helpers/probing.ts';

const a = (...addresses: string[]): DnsAnswer => ({
  data: addresses.map((address) => Buffer.from(address.split('.').map(Number))),
});
const NXDOMAIN = { rcode: 3 };
const SERVFAIL = { rcode: 2 };

/** Makes the machine's own resolver that server, for this test. */
function asOwn(port: number): void {
  const before = dns.getServers();
  dns.setServers([`127.0.0.1:${port}`]);
  onTestFinished(() => dns.setServers(before));
}

test('records are compared as sets, names without case; the time is measured', async () => {
  const { port } = await dnsServer((name, type) =>
    name !== 'shop.example'
      ? NXDOMAIN
      : type === TYPES.A
        ? a('192.0.2.1', '192.0.2.2')
        : type === TYPES.MX
          ? { data: [Buffer.concat([word(10), encodedName('Mail.shop.example')])] }
          : type === TYPES.TXT
            ? { data: [Buffer.from('\u0006v=spf1\u0005 -all')] }
            : type === TYPES.SRV
              ? { data: [Buffer.concat([word(1), word(2), word(443), encodedName('a.example')])] }
              : type === TYPES.CAA
                ? { data: [Buffer.from('\u0000\u0005issueca.example')] }
                : { data: [] },
  );
  const resolver = `127.0.0.1:${port}`;
  const name = 'shop.example';
  expect(await ask('dns', { name, resolver })).toMatchObject({
    verdict: 'up',
    ms: expect.any(Number),
    figures: { records: 2 },
    near: true,
  });
  for (const [type, value] of [
    ['A', '192.0.2.2'],
    ['MX', '10 mail.shop.example.'],
    ['TXT', 'v=spf1 -all'],
    ['SRV', '1 2 443 a.example'],
    ['CAA', '0 issue ca.example'],
  ])
    expect(await ask('dns', { name, resolver, type, expect: [value] })).toMatchObject({ verdict: 'up' });
  expect(await ask('dns', { name, resolver, expect: ['192.0.2.9'] })).toMatchObject({
    verdict: 'down',
    why: '192.0.2.9 is missing: shop.example A is 192.0.2.1, 192.0.2.2',
  });
  expect(await ask('dns', { name, resolver, expect: ['192.0.2.1'], exact: true })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('192.0.2.2 was not expected'),
  });
  expect(await ask('dns', { name, resolver, type: 'AAAA' })).toMatchObject({
    verdict: 'down',
    why: 'shop.example has no AAAA record',
  });
  expect(await ask('dns', { name: 'gone.example', resolver })).toMatchObject({
    verdict: 'down',
    why: 'gone.example does not exist (NXDOMAIN)',
  });
});

test("the machine's own resolver that is silent, or fails for everything, proves nothing", async () => {
  const silent = await dnsServer(() => 'silence');
  asOwn(silent.port);
  expect(await ask('dns', { name: 'shop.example' }, { ms: 300 })).toMatchObject({
    verdict: 'inconclusive',
    why: "this machine's resolver did not answer in time for shop.example",
  });
  const broken = await dnsServer(() => SERVFAIL);
  asOwn(broken.port);
  expect(await ask('dns', { name: 'shop.example' })).toMatchObject({
    verdict: 'inconclusive',
    why: expect.stringContaining('not for the root either'),
  });
  asOwn(1);
  expect(await ask('dns', { name: 'shop.example' })).toMatchObject({ verdict: 'inconclusive' });
});

test('a resolver that works otherwise is believed when it says SERVFAIL or NXDOMAIN', async () => {
  const { port, asked } = await dnsServer((name, type) =>
    name === '' && type === TYPES.NS ? { data: [encodedName('a.root.example')] } : SERVFAIL,
  );
  asOwn(port);
  expect(await ask('dns', { name: 'shop.example' })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('ESERVFAIL'),
  });
  expect(asked.at(-1)).toBe(`/${TYPES.NS}`);
  asOwn((await dnsServer(() => NXDOMAIN)).port);
  expect(await ask('dns', { name: 'shop.example' })).toMatchObject({ verdict: 'down' });
});

test('a resolver that the probe names is what it watches: silence is down', async () => {
  const silent = await dnsServer(() => 'silence');
  const resolver = `127.0.0.1:${silent.port}`;
  expect(await ask('dns', { name: 'shop.example', resolver }, { ms: 300 })).toMatchObject({
    verdict: 'down',
    why: `the resolver ${resolver} did not answer in time for shop.example`,
  });
});

test('attack 48: a resolver at an address that nobody allowed is not asked', async () => {
  const { port, asked } = await dnsServer(() => a('192.0.2.1'));
  for (const resolver of [`127.0.0.1:${port}`, '169.254.169.254', '[::ffff:127.0.0.1]:53', 'fd00:ec2::254'])
    expect(await ask('dns', { name: 'shop.example', resolver }, { allowed: [] })).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('ADDRESS_REFUSED'),
    });
  expect(asked).toEqual([]);
});

test('mistakes in its part of reeve.yaml', () => {
  expect(complaints('dns', { name: 'a.example', resolver: 'dns.example' })).toHaveLength(1);
  expect(complaints('dns', { name: 'a.example', resolver: '127.0.0.1:99999' })).toHaveLength(1);
  expect(complaints('dns', { name: 'a.example', exact: true })).toHaveLength(1);
  expect(complaints('dns', { name: 'a.example', typ: 'A' })).toHaveLength(1);
});
