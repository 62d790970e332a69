import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ESTATE } from '../e2e/place.ts';
import { lacksChromium } from '../helpers/needs.ts';
import { jobAt, person } from './browser.ts';
import { Site } from './site.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The longest names that there may be, and words in which no line can be broken. */
const LONG = 'a'.repeat(64);
const WORD = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen'.repeat(3).slice(0, 190);
const LONG_ESTATE = ESTATE.replace('name: test', `name: ${LONG}`).replace(
  'shop:',
  `${LONG}:\n    path: .\n    environments: { ${LONG}: {} }\n  shop:`,
);
const runbook = (name: string, title: string, work: string): string =>
  `---\nrunbook: ${name}\ntitle: ${title}\naction: run\n---\n## ${WORD}\n\`\`\`sh { name=${LONG} }\n${work}\n\`\`\`\n`;

/** A page with something in each of its places: jobs that passed, failed and run, a halt, a pause, long words all over. */
async function busy(options: BrowserContextOptions = {}): Promise<{ site: Site; page: Page }> {
  const site = await Site.open(LONG_ESTATE, {
    'good.md': runbook('good', WORD, 'true'),
    'bad.md': runbook('bad', 'One that fails', `echo ${WORD}; exit 3`),
    'slow.md': runbook('slow', 'One that runs', `echo ${WORD}; while [ ! -e go ]; do sleep 0.1; done`),
  });
  for (const name of ['good', 'bad']) await site.ended(await site.begin(name));
  const running = await site.begin('slow');
  await site.ask('halt', { project: LONG }, WORD);
  await site.ask('pause', {}, WORD);
  const owner = await person(site.base, options);
  const page = await owner.tab(site.signIn);
  await jobAt(page, running).locator('pre').waitFor();
  const closed = page.locator('details:not([open]) summary');
  while ((await closed.count()) > 0) await closed.first().click();
  return { site, page };
}

const looks: [string, BrowserContextOptions][] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
];

describe.skipIf(lacksChromium())('using the page', () => {
  test.for(looks)(
    '%s: axe finds nothing wrong, and nothing is wider than the window',
    async ([, options]) => {
      const { page } = await busy(options);
      // Over the debugger: the page's own policy stays as it is.
      await page.evaluate(AXE);
      const { violations, passes }: AxeResults = await page.evaluate('axe.run()');
      expect(
        violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => n.html).join('\n')}`),
      ).toEqual([]);
      expect(passes.map(({ id }) => id)).toEqual(
        expect.arrayContaining(['color-contrast', 'label', 'region']),
      );
      for (const width of [options.viewport?.width ?? 1200, 320]) {
        await page.setViewportSize({ width, height: 740 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        const out = await page.evaluate(`[...document.querySelectorAll('main *, header *')]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => one.outerHTML.slice(0, 120))`);
        expect(out, `${width} px`).toEqual([]);
      }
    },
  );

  test('dark and light are two pages of the same parts', async () => {
    const site = await Site.open(ESTATE, {});
    const owner = await person(site.base, { colorScheme: 'light' });
    const page = await owner.tab(site.signIn);
    await page.getByText('Live', { exact: true }).waitFor();
    const light = (selector: string): Promise<number> =>
      page.evaluate(
        `getComputedStyle(document.querySelector('${selector}')).backgroundColor.match(/\\d+/g).reduce((sum, n) => sum + n / 765, 0)`,
      );
    expect(await light('body')).toBeGreaterThan(0.8);
    expect(await light('section')).toBeGreaterThan(0.8);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await light('body')).toBeLessThan(0.2);
    expect(await light('section')).toBeLessThan(0.2);
  });

  test('by keyboard alone: skip the head, filter, copy, open a job, follow its address, scroll the records', async () => {
    const site = await Site.open(ESTATE, { 'good.md': runbook('good', 'Good', 'echo done') });
    const id = await site.begin('good');
    const owner = await person(site.base);
    await owner.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await owner.tab(site.signIn);
    await jobAt(page, id).locator('summary').getByText('PASS').waitFor();
    const focused = (): Promise<string> =>
      page.evaluate(`document.activeElement.ariaLabel ?? document.activeElement.textContent`);
    const tabTo = async (wanted: (name: string) => boolean): Promise<void> => {
      for (let presses = 0; presses < 300; presses++) {
        await page.keyboard.press('Tab');
        if (wanted(await focused())) return;
      }
      throw new Error('no Tab leads there');
    };
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    const skip = page.getByRole('link', { name: 'Skip to content' });
    expect((await skip.boundingBox())?.x).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('Enter');
    // It is no address of a job, and says nothing about one.
    await page.waitForFunction(`location.hash === '#main'`);
    expect(await page.getByRole('alert').isHidden()).toBe(true);

    await tabTo((name) => name.includes('Good'));
    await page.keyboard.press('Enter');
    await jobAt(page, id).locator('details[open]').waitFor();
    // It stays open, and the focus on it, when the list is drawn anew.
    await site.ask('note', { text: 'meanwhile' });
    await page.getByText('meanwhile').first().waitFor();
    await jobAt(page, id).locator('details[open] summary:focus').waitFor();
    await tabTo((name) => name === id);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/#${id}`);
    await tabTo((name) => name === 'Newest ledger records');

    const box = page.getByRole('searchbox', { name: 'Filter' });
    await box.focus();
    await page.keyboard.type('halt');
    await expect.poll(() => page.locator('.commands li').count()).toBeLessThan(6);
    await tabTo((name) => name.startsWith('Copy: reeve halt'));
    const line = (await focused()).slice('Copy: '.length);
    await page.keyboard.press('Enter');
    await page.getByText(`Copied: ${line}`).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(line);
    await box.fill('no such thing');
    await page.getByText('No command fits.').waitFor();
    // Where the focus is can be seen.
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    expect(owner.complaints).toEqual([]);
  });

  test('read aloud: landmarks, headings, and a name for each thing that can be used', async () => {
    const { page } = await busy();
    const spoken = await page.locator('body').ariaSnapshot();
    for (const part of ['banner', 'main', 'contentinfo']) expect(spoken).toMatch(new RegExp(`- ${part}`));
    for (const name of ['Now', 'Last drill', 'Jobs', 'Ledger', 'Commands'])
      expect(spoken).toMatch(new RegExp(`- region "${name}":\\n +- heading "${name}" \\[level=2\\]`));
    expect(spoken).toContain('- heading "Reeve" [level=1]');
    expect(spoken).toMatch(/- status: Live/);
    expect(spoken).toContain('- searchbox "Filter"');
    expect(spoken).toMatch(/- list "What needs attention":\n +- listitem: "?Halted/);
    // Roles that can be used and have no name would stand alone on their line.
    expect(spoken).not.toMatch(/- (?:link|button|searchbox|textbox|img)(?: \[|:?$)/m);
  });
});
