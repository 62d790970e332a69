import { describe, expect, test } from 'vitest';
import { EFFECT, ESTATE } from '../e2e/place.ts';
import { lacksChromium } from '../helpers/needs.ts';
import { jobAt, person } from './browser.ts';
import { Site } from './site.ts';

describe.skipIf(lacksChromium())('a daemon that goes away', () => {
  test('the page says so, keeps what it shows, and goes on by itself where it was', async () => {
    const site = await Site.open(ESTATE, { 'effect.md': EFFECT });
    const before = await site.begin('effect');
    const owner = await person(site.base);
    const page = await owner.tab(site.signIn);
    await jobAt(page, before).getByText('PASS').first().waitFor();
    const link = page.getByRole('status').first();
    await site.daemon.end('SIGKILL');
    await link.getByText('Connection lost').waitFor();
    expect(await jobAt(page, before).isVisible()).toBe(true);
    await site.again();
    await page.getByText('Live', { exact: true }).waitFor();
    const after = await site.begin('effect');
    await jobAt(page, after).getByText('PASS').first().waitFor();
    // Each record once, newest first, none left out.
    const seqs: number[] = await page.evaluate(
      `[...document.querySelectorAll('#records .seq')].map((item) => Number(item.textContent))`,
    );
    expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) - i));
    expect(seqs.at(-1)).toBe(0);
    expect(await page.locator('#records').getByText('daemon.started', { exact: true }).count()).toBe(2);
    expect(await page.getByRole('alert').isHidden()).toBe(true);
    expect(owner.elsewhere).toEqual([]);
  });

  test('a page that is loaded just before it goes waits for it, too', async () => {
    const site = await Site.open(ESTATE, {});
    const owner = await person(site.base);
    const reached = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    await owner.context.route('**/v1/catalogue', async (route) => {
      reached.resolve();
      await held.promise;
      await route.continue();
    });
    const page = await owner.tab(site.signIn);
    await reached.promise;
    await site.daemon.end('SIGTERM');
    held.resolve();
    await page.getByRole('status').first().getByText('Connection lost').waitFor();
    await site.again();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Copy: reeve status', exact: true }).waitFor();
    expect(await page.getByRole('alert').isHidden()).toBe(true);
  });
});
