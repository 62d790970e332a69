import { readFile, readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { apiWorld, ask } from '../helpers/api-world.ts';

const web = new URL('../../web/', import.meta.url);

test('the page and everything it refers to is served under a policy that allows its own files alone', async () => {
  const world = await apiWorld();
  const page = await ask({ ...world, token: 'x' }, 'tcp', { path: '/' });
  expect(page.status).toBe(200);
  const csp = String(page.headers['content-security-policy']);
  expect(csp).toContain("default-src 'none'");
  expect(csp).toContain("script-src 'self';");
  expect(csp).not.toMatch(/unsafe|https?:|\*/);
  expect(page.headers['x-frame-options']).toBe('DENY');
  const referred = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((m) => m[1] ?? '');
  expect(referred.length).toBeGreaterThan(3);
  for (const path of new Set(referred)) {
    expect((await ask({ ...world, token: 'x' }, 'tcp', { path })).status, path).toBe(200);
  }
  // Who is not signed in is told to, and nothing that nobody has looked up.
  expect(page.text).toContain('Sign in to see');
  expect(page.text).not.toContain('has run yet');
  // What the policy would block anyway must not be there.
  expect(page.text).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=/);
});

test('every file of web/ is served, and scripts import only what is', async () => {
  const world = await apiWorld();
  for (const file of await readdir(web)) {
    const path = file === 'index.html' ? '/' : `/${file}`;
    const answer = await ask(world, 'tcp', { path });
    expect(answer.text, file).toBe(await readFile(new URL(file, web), 'utf8'));
  }
});

test('attack 51: nothing from the daemon enters the page as markup', async () => {
  for (const file of (await readdir(web)).filter((name) => name.endsWith('.js'))) {
    const code = await readFile(new URL(file, web), 'utf8');
    expect(code, file).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/,
    );
  }
});
