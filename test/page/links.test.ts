import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { EFFECT, ESTATE } from '../e2e/place.ts';
import { lacksChromium } from '../helpers/needs.ts';
import { jobAt, person } from './browser.ts';
import { Site } from './site.ts';

/** More jobs than the page lists; oldest first. */
async function manyJobs(): Promise<{ site: Site; ids: string[] }> {
  const site = await Site.open(ESTATE, { 'effect.md': EFFECT });
  const ids: string[] = [];
  for (let i = 0; i < 14; i++) ids.push(await site.begin('effect'));
  for (const id of ids) expect(await site.ended(id)).toBe('PASS');
  return { site, ids };
}

/** Job ids in the order of the list. */
const listed = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('[data-job]')].map((item) => item.dataset.job)`);

const isOpen = async (page: Page, id: string): Promise<boolean> =>
  (await jobAt(page, id).locator('details[open]').count()) === 1;

describe.skipIf(lacksChromium())('links to jobs', () => {
  test('the newest and one that is listed no more: open, in sight, with the focus', async () => {
    const { site, ids } = await manyJobs();
    const owner = await person(site.base, { viewport: { width: 1200, height: 400 } });
    const page = await owner.tab(site.signIn);
    await page.locator('[data-job]').first().waitFor();
    const [oldest = '', , , ...newest] = ids;
    const known = newest.at(-5) ?? '';
    expect(await listed(page)).not.toContain(oldest);
    for (const id of [oldest, known]) {
      await page.goto(`${site.base}/#${id}`);
      await expect.poll(() => listed(page).then((all) => all[0])).toBe(id);
      expect(await isOpen(page, id)).toBe(true);
      expect(await jobAt(page, id).getByText('work', { exact: true }).isVisible()).toBe(true);
      const focused = page.locator('summary:focus');
      expect(await jobAt(page, id).locator('summary:focus').count()).toBe(1);
      await expect
        .poll(async () => {
          const box = await focused.boundingBox();
          return box !== null && box.y >= 0 && box.y + box.height <= 400;
        })
        .toBe(true);
      // Each job stands there once.
      const all = await listed(page);
      expect(new Set(all).size).toBe(all.length);
    }
    // The address of a job is its own link, and it survives a reload and what happens meanwhile.
    const link = jobAt(page, known).getByRole('link');
    expect(await link.getAttribute('href')).toBe(`#${known}`);
    await page.goto(`${site.base}/#${oldest}`);
    await expect.poll(() => listed(page).then((all) => all[0])).toBe(oldest);
    const next = await site.begin('effect');
    await jobAt(page, next).getByText('PASS').first().waitFor();
    expect((await listed(page))[0]).toBe(oldest);
    await page.reload();
    await expect.poll(() => listed(page).then((all) => all[0])).toBe(oldest);
    expect(owner.complaints).toEqual([]);
    expect(owner.elsewhere).toEqual([]);
  });

  test('a link that is opened in a tab of its own is signed in by the one that is', async () => {
    const { site, ids } = await manyJobs();
    const owner = await person(site.base);
    await owner.tab(site.signIn);
    const [oldest = ''] = ids;
    const linked = await owner.tab(`${site.base}/#${oldest}`);
    await jobAt(linked, oldest).locator('details[open]').waitFor();
    const other = await person(site.base);
    const waiting = await other.tab(`${site.base}/#${oldest}`);
    await waiting.getByRole('alert').waitFor();
    await other.tab(site.signIn);
    // What it was opened for is not forgotten while it waits.
    await jobAt(waiting, oldest).locator('details[open]').waitFor();
    expect(await waiting.getByRole('alert').isHidden()).toBe(true);
  });

  test('what leads nowhere says so, and the next that leads somewhere takes it away', async () => {
    const site = await Site.open(ESTATE, { 'effect.md': EFFECT });
    const id = await site.begin('effect');
    const owner = await person(site.base);
    const page = await owner.tab(site.signIn);
    const notice = page.getByRole('alert');
    await jobAt(page, id).waitFor();
    await page.goto(`${site.base}/#job_${'0'.repeat(32)}`);
    await notice.getByText('no job').waitFor();
    await page.goto(`${site.base}/#${id}`);
    await notice.waitFor({ state: 'hidden' });
    await page.goto(`${site.base}/#job_nonsense"><img src=x onerror=alert(1)>`);
    await notice.getByText('No job has this address.').waitFor();
    expect(await notice.locator('img').count()).toBe(0);
    await page.goto(`${site.base}/#`);
    await notice.waitFor({ state: 'hidden' });
  });

  test('of two links that are followed one after the other the later one counts, whichever answer comes first', async () => {
    const site = await Site.open(ESTATE, { 'effect.md': EFFECT });
    const [slow, quick] = [await site.begin('effect'), await site.begin('effect')];
    const owner = await person(site.base);
    const page = await owner.tab(site.signIn);
    await jobAt(page, slow).waitFor();
    const held = Promise.withResolvers<void>();
    await page.route(`**/v1/jobs/${slow}`, async (route) => {
      await held.promise;
      await route.continue();
    });
    const asked = page.waitForRequest(`**/v1/jobs/${slow}`);
    const answer = page.waitForResponse(`**/v1/jobs/${slow}`);
    await page.evaluate(`location.hash = '${slow}'`);
    await asked;
    await page.evaluate(`location.hash = '${quick}'`);
    await jobAt(page, quick).locator('details[open]').waitFor();
    held.resolve();
    await (await answer).finished();
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 50))');
    expect((await listed(page))[0]).toBe(quick);
    expect(await isOpen(page, slow)).toBe(false);
  });
});
