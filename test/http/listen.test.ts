import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeFs } from '../../daemon/fs.ts';
import { freeSocketPath } from '../../daemon/http/socket-path.ts';
import { ensureOwnerToken, ownerVerifier } from '../../daemon/http/token.ts';
import { apiWorld, ask } from '../helpers/api-world.ts';
import { tempDir } from '../helpers/ledger.ts';

test('a socket that a killed daemon left is removed, one that answers is not', async () => {
  const home = await tempDir();
  const path = join(home, 'reeve.sock');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await expect(freeSocketPath(nodeFs, home)).rejects.toMatchObject({ code: 'HOME_IN_USE' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await lstat(path)).isSocket()).toBe(true);
  expect(await freeSocketPath(nodeFs, home)).toBe(path);
  await expect(lstat(path)).rejects.toThrow('ENOENT');
});

test('attack 59: a symbolic link or a plain file in the socket’s place is refused and stays', async () => {
  const home = await tempDir();
  const path = join(home, 'reeve.sock');
  await symlink('/nowhere', path);
  await expect(freeSocketPath(nodeFs, home)).rejects.toMatchObject({ code: 'HOME_INSECURE' });
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
  const other = await tempDir();
  await writeFile(join(other, 'reeve.sock'), 'mine');
  await expect(freeSocketPath(nodeFs, other)).rejects.toMatchObject({ code: 'HOME_INSECURE' });
});

test('attack 59: a home that others may enter is refused', async () => {
  const home = await tempDir();
  await chmod(home, 0o755);
  await expect(freeSocketPath(nodeFs, home)).rejects.toMatchObject({ code: 'HOME_INSECURE' });
});

test('a path too long for a socket is explained', async () => {
  const home = join(await tempDir(), 'x'.repeat(110));
  await mkdir(home, { mode: 0o700 });
  await expect(freeSocketPath(nodeFs, home)).rejects.toMatchObject({ code: 'SOCKET_PATH_TOO_LONG' });
});

test('a taken port is explained and leaves no socket behind', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as net.AddressInfo;
  await expect(apiWorld({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE', params: { port } });
  taken.close();
  expect((await ask(await apiWorld({ port }), 'tcp', { path: '/healthz' })).status).toBe(200);
});

test('the token is made once and kept; a planted or open one is refused', async () => {
  const home = await tempDir();
  const token = await ensureOwnerToken(nodeFs, home);
  expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  expect(await ensureOwnerToken(nodeFs, home)).toBe(token);
  await chmod(join(home, 'token'), 0o644);
  await expect(ensureOwnerToken(nodeFs, home)).rejects.toMatchObject({ code: 'HOME_INSECURE' });
  const planted = await tempDir();
  await writeFile(join(planted, 'token'), 'letmein\n', { mode: 0o600 });
  await expect(ensureOwnerToken(nodeFs, planted)).rejects.toMatchObject({ code: 'HOME_INSECURE' });
});

test('the verifier knows its token and nothing near it', async () => {
  const { verify } = ownerVerifier('abc');
  expect(verify('abc')).toEqual({ kind: 'owner' });
  for (const wrong of ['', 'ab', 'abcd', 'ABC', 'abc\0']) expect(verify(wrong)).toBeUndefined();
});

test('a further verifier is asked for what the owner’s does not know', async () => {
  const world = await apiWorld({
    verifiers: [{ verify: async (t) => (t === 'bot-token' ? { kind: 'bot', id: 'discord' } : undefined) }],
  });
  const bot = { ...world, token: 'bot-token' };
  // It opens what bots are for, on either way in, and is no person anywhere.
  for (const transport of ['tcp', 'socket'] as const) {
    const headers = { authorization: 'Bearer bot-token' };
    expect((await ask(bot, transport, { path: '/v1/chat/session', headers })).status).toBe(409);
    expect((await ask(bot, transport, { path: '/v1/status', headers })).status).toBe(403);
  }
  expect(world.identified).toEqual([]);
  expect((await ask(world, 'tcp', { path: '/v1/status' })).status).toBe(401);
});

test('every answer has the security headers, also those that no route makes', async () => {
  const world = await apiWorld();
  const raw = async (request: string): Promise<string> => {
    const socket = net.connect(world.at.socket);
    socket.end(request);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  };
  const answers: [string, string][] = [
    ['200', 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'],
    ['404', 'GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'],
    // A path that cannot be decoded reaches no handler, and an unknown expectation not even the router.
    ['400', 'GET /%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'],
    ['417', 'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\nconnection: close\r\n\r\n'],
    [
      '413',
      'POST /v1/commands HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n',
    ],
  ];
  for (const [status, request] of answers) {
    const head = (await raw(request)).split('\r\n\r\n')[0]?.toLowerCase().split('\r\n') ?? [];
    expect(head[0]).toContain(` ${status} `);
    for (const line of [
      "content-security-policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox",
      'x-content-type-options: nosniff',
      'x-frame-options: deny',
      'referrer-policy: no-referrer',
      'cross-origin-opener-policy: same-origin',
      'cross-origin-resource-policy: same-origin',
      'cache-control: no-store',
      'x-dns-prefetch-control: off',
      'permissions-policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    ])
      expect(
        head.filter((h) => h === line),
        `${status} ${line}`,
      ).toHaveLength(1);
    const names = head.slice(1).map((h) => h.split(':')[0]);
    expect(new Set(names).size, `${status}: each header once`).toBe(names.length);
  }
});
