import { rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ESTATE } from '../e2e/place.ts';
import { lacksChromium } from '../helpers/needs.ts';
import { person } from './browser.ts';
import { Site } from './site.ts';

describe.skipIf(lacksChromium())('signing in', () => {
  test('by the link of `reeve open`: it leaves the token in no address, and asks nobody but the daemon', async () => {
    const site = await Site.open(ESTATE, {});
    const { code, out } = await site.place.reeve(['open', '--print-url']);
    expect([code, out.trim()]).toEqual([0, site.signIn]);
    const owner = await person(site.base);
    const asked: string[] = [];
    owner.context.on('request', (request) => asked.push(request.url()));
    const page = await owner.tab(out.trim());
    await page.getByText('Live', { exact: true }).waitFor();
    expect(page.url()).toBe(`${site.base}/`);
    await page.getByText('No job has run yet.').waitFor();
    await expect.poll(() => page.title()).toBe('test – Reeve');
    const records = page.getByRole('list', { name: 'Newest ledger records' });
    await records.getByText('daemon.started', { exact: true }).waitFor();
    expect(asked.length).toBeGreaterThan(6);
    expect(asked.filter((url) => url.includes(site.token))).toEqual([]);
    expect(owner.elsewhere).toEqual([]);
    // Kept for the tab, and nowhere that outlives it.
    expect(await page.evaluate('({ ...sessionStorage })')).toEqual({ 'reeve.token': site.token });
    expect(await page.evaluate('({ ...localStorage })')).toEqual({});
    expect(await owner.context.cookies()).toEqual([]);
    // A reload is still signed in; the way back leads out of the page, not to the token.
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.evaluate('history.length')).toBeLessThanOrEqual(2);
    await page.goBack();
    expect(page.url()).toBe('about:blank');
    expect(owner.complaints).toEqual([]);
  });

  test('from another tab, whether that one was first or comes later; not from another browser', async () => {
    const site = await Site.open(ESTATE, {});
    const owner = await person(site.base);
    const waiting = await owner.tab(`${site.base}/`);
    const notice = waiting.getByRole('alert');
    await notice.getByText('This page needs your token.').waitFor();
    expect(await waiting.getByRole('status').first().innerText()).toBe('Signed out');
    const other = await person(site.base);
    const stranger = await other.tab(`${site.base}/`);
    await stranger.getByRole('alert').waitFor();

    await owner.tab(site.signIn);
    await waiting.getByText('Live', { exact: true }).waitFor();
    expect(await notice.isHidden()).toBe(true);
    const later = await owner.tab(`${site.base}/`);
    await later.getByText('Live', { exact: true }).waitFor();

    expect(await stranger.getByRole('status').first().innerText()).toBe('Signed out');
    expect(await stranger.evaluate('({ ...sessionStorage })')).toEqual({});
    expect([...owner.complaints, ...other.complaints]).toEqual([]);

    // The link in the address bar of a tab that is open already loads nothing by itself.
    await stranger.goto(site.signIn);
    await stranger.getByText('Live', { exact: true }).waitFor();
    expect(stranger.url()).toBe(`${site.base}/`);
  });

  test('a token that is not valid any more is forgotten, and a new sign-in brings every tab back', async () => {
    const site = await Site.open(ESTATE, {});
    const owner = await person(site.base);
    const first = await owner.tab(site.signIn);
    const second = await owner.tab(`${site.base}/`);
    for (const page of [first, second]) await page.getByText('Live', { exact: true }).waitFor();
    const old = site.token;
    await site.daemon.end('SIGTERM');
    await rm(path.join(site.place.home, 'token'));
    await site.again();
    expect(site.token).not.toBe(old);
    for (const page of [first, second]) {
      await page.getByRole('alert').getByText('reeve open').waitFor();
      expect(await page.getByRole('status').first().innerText()).toBe('Signed out');
      expect(await page.evaluate('({ ...sessionStorage })')).toEqual({});
    }
    const third = await owner.tab(site.signIn);
    for (const page of [first, second, third]) {
      await page.getByText('Live', { exact: true }).waitFor();
      expect(await page.getByRole('alert').isHidden()).toBe(true);
      expect(await page.evaluate('({ ...sessionStorage })')).toEqual({ 'reeve.token': site.token });
    }
  });
});
