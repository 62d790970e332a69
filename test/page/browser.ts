import { afterAll, onTestFinished } from 'vitest';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { chromiumPath } from '../helpers/needs.ts';

/** Nothing of its own goes out: no updates, no safe browsing, no field trials. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** One browser for the tests of a file, with a profile of its own that goes with it. */
let browser: Promise<Browser> | undefined;
afterAll(async () => (await browser)?.close());

/** Somebody in front of a browser, with cookies and storage of their own. */
export interface Person {
  context: BrowserContext;
  /** Addresses that were asked for and are not the daemon's. */
  elsewhere: string[];
  /** What the browser complained of: scripts that failed, what the policy blocked, what was not found. */
  complaints: string[];
  tab(address: string): Promise<Page>;
}

/** `base`: the daemon's origin. */
export async function person(base: string, options: BrowserContextOptions = {}): Promise<Person> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('skipped: no Chromium');
  browser ??= chromium.launch({ executablePath, args: QUIET });
  const context = await (await browser).newContext({ viewport: { width: 1200, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const elsewhere: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`)) elsewhere.push(url);
  });
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  context.on('weberror', ({ error }) => complaints.push(String(error())));
  return {
    context,
    elsewhere,
    complaints,
    async tab(address) {
      const page = await context.newPage();
      await page.goto(address);
      return page;
    },
  };
}

/** The line of a job, by its id. */
export const jobAt = (page: Page, id: string) => page.locator(`[data-job="${id}"]`);
