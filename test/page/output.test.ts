import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Page } from 'playwright-core';
import { ESTATE } from '../e2e/place.ts';
import { lacksChromium } from '../helpers/needs.ts';
import { jobAt, person } from './browser.ts';
import { Site } from './site.ts';

const IMAGE = '<img src=x onerror="window.ran=1">';

/** Prints what would harm a page that took it for markup; waits for the file `go`; prints more and fails. */
const HOSTILE = `---
runbook: hostile
title: 'Title ${IMAGE} <b>bold</b> &amp; שלום'
action: run
timeout: 5m
---
## Work
\`\`\`sh { name=work }
echo '<script>window.ran=1</script>'
echo '${IMAGE}'
echo '<a href="javascript:window.ran=1">here</a> &lt;b&gt; \${7*7} {{7*7}}'
printf '\\033[31mred\\033[0m \\033]8;;https://elsewhere.example\\033\\\\link\\033]8;;\\033\\\\ \\007\\n'
printf 'name \\342\\200\\256gpj.exe\\342\\200\\254\\n'
echo 'שלום, مرحبا'
echo before
while [ ! -e go ]; do sleep 0.05; done
echo after
exit 3
\`\`\`
`;

/** All that markup could try once it is in the page, as the browser's own code; answers which directives were in its way. */
const TRIES = `async (other, most) => {
  const found = new Set();
  document.addEventListener('securitypolicyviolation', (event) => found.add(event.effectiveDirective));
  const add = (name, more) => document.body.append(Object.assign(document.createElement(name), more));
  const tries = [
    () => (document.body.innerHTML = '<p>gone</p>'),
    () => (document.createElement('script').textContent = 'window.ran = 1'),
    () => add('img', { src: other + '/img' }),
    () => add('iframe', { src: other + '/frame' }),
    () => add('style', { textContent: 'p{}' }),
    () => add('audio', { src: other + '/sound' }),
    () => document.body.setAttribute('onclick', 'window.ran = 1'),
    () => document.body.setAttribute('style', 'color: red'),
    () => fetch(other + '/fetch'),
    () => navigator.sendBeacon(other + '/beacon', 'x'),
    () => new WebSocket(other.replace('http', 'ws')),
    () => setTimeout('window.ran = 1', 0),
    () => new Worker(location.origin + '/page.js'),
    () => add('form', { action: other + '/form', id: 'form' }),
    () => document.getElementById('form').submit(),
    () => document.body.click(),
  ];
  for (const attempt of tries)
    try {
      await attempt();
    } catch {
      // Blocked by throwing.
    }
  for (let looks = 0; looks < 200 && found.size < most; looks++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return [...found];
}`;

const output = (page: Page, id: string) => jobAt(page, id).locator('pre');
const ran = (page: Page): Promise<unknown> => page.evaluate('window.ran');

describe.skipIf(lacksChromium())('what jobs print', () => {
  test('attacks 51, 52: it comes line by line while the job runs, and stays text whatever it looks like', async () => {
    const site = await Site.open(ESTATE, { 'hostile.md': HOSTILE });
    const owner = await person(site.base);
    const page = await owner.tab(site.signIn);
    await page.getByText('Live', { exact: true }).waitFor();
    const id = await site.begin('hostile');
    const text = output(page, id);
    await text.getByText('before').waitFor();
    expect(await jobAt(page, id).locator('summary .pill').innerText()).toBe('RUNNING');
    const lines = (await text.innerText()).split('\n');
    expect(lines).toContain('<script>window.ran=1</script>');
    expect(lines).toContain(IMAGE);
    expect(lines).toContain('<a href="javascript:window.ran=1">here</a> &lt;b&gt; ${7*7} {{7*7}}');
    // Colours and links of a terminal are gone; what would turn the direction is shown instead of done.
    expect(lines.find((line) => line.startsWith('red'))).toMatch(/^red link \\u\{7\}$/);
    expect(lines.find((line) => line.startsWith('name'))).toBe('name \\u{202e}gpj.exe\\u{202c}');
    expect(lines.find((line) => line.startsWith('שלום'))).toContain('مرحبا');
    expect(await text.locator('*').count()).toBe(0);
    expect(lines).not.toContain('after');
    // Who looks later sees the same.
    const late = await owner.tab(`${site.base}/#${id}`);
    await output(late, id).getByText('before').waitFor();
    expect((await output(late, id).innerText()).split('\n')).toEqual(lines);

    await site.place.write('go', '');
    await jobAt(page, id).locator('summary').getByText('FAIL').waitFor();
    // Nobody was in it: it is closed, and opens with all it printed.
    await text.waitFor({ state: 'hidden' });
    await jobAt(page, id).locator('summary').click();
    await text.getByText('after').waitFor();
    // What was stored and what came live are put together: each line once.
    const all = (await text.innerText()).split('\n');
    expect(new Set(all).size).toBe(all.length);
    const title = jobAt(page, id).locator('.title');
    expect(await title.innerText()).toContain(`Title ${IMAGE} <b>bold</b> &amp; שלום`);
    // The reasons that people give, where the page shows them.
    await site.ask('pause', {}, `why ${IMAGE}`);
    await page.locator('.warnings').getByText(`why ${IMAGE}`).waitFor();
    expect(await page.locator('main img, main script, main b').count()).toBe(0);
    expect(await ran(page)).toBe(undefined);
    expect(owner.elsewhere).toEqual([]);
    expect(owner.complaints).toEqual([]);
  });

  test('whoever reads further up, or is on it with the keyboard, keeps the place', async () => {
    const site = await Site.open(ESTATE, {
      'long.md': HOSTILE.replace('runbook: hostile', 'runbook: long').replace(
        'echo before',
        'i=0; while [ $i -lt 150 ]; do i=$((i+1)); echo "line $i"; done\necho before',
      ),
    });
    const owner = await person(site.base);
    const page = await owner.tab(site.signIn);
    await page.getByText('Live', { exact: true }).waitFor();
    const id = await site.begin('long');
    const text = output(page, id);
    await text.getByText('before').waitFor();
    const below = (): Promise<number> =>
      text.evaluate((pre) => pre.scrollHeight - pre.scrollTop - pre.clientHeight);
    await expect.poll(below).toBeLessThan(2);
    await text.focus();
    // The list may be drawn anew at any moment: one that was replaced meanwhile scrolls nowhere.
    const scrolled = (): Promise<number> => text.evaluate((pre) => pre.scrollTop);
    await expect.poll(() => text.evaluate((pre) => (pre.scrollTop = 40)).then(scrolled)).toBe(40);
    // Something else happens, and the list is drawn anew.
    await site.ask('note', { text: 'meanwhile' });
    await page.getByText('meanwhile').first().waitFor();
    await site.place.write('go', '');
    await jobAt(page, id).locator('summary').getByText('FAIL').waitFor();
    await text.getByText('after').waitFor();
    await expect.poll(scrolled).toBe(40);
    await expect.poll(() => jobAt(page, id).locator('pre:focus').count()).toBe(1);
  });

  test('the policy: no script, style, frame or request but the page’s own, even for what got into it as markup', async () => {
    const heard: string[] = [];
    const elsewhere = http.createServer((request, response) => {
      heard.push(request.url ?? '');
      response.end();
    });
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    onTestFinished(() => void elsewhere.close());
    const away = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    const site = await Site.open(ESTATE, {});
    const owner = await person(site.base);
    const page = await owner.tab(site.signIn);
    await page.getByText('Live', { exact: true }).waitFor();
    const inTheWay = [
      'connect-src',
      'form-action',
      'frame-src',
      'img-src',
      'media-src',
      'require-trusted-types-for',
      'style-src-attr',
      'style-src-elem',
    ];
    const blocked: string[] = await page.evaluate(`(${TRIES})('${away}', ${inTheWay.length})`);
    expect(blocked.toSorted()).toEqual(inTheWay);
    expect(await ran(page)).toBe(undefined);
    expect(await page.getByRole('heading', { name: 'Ledger' }).count()).toBe(1);
    expect(heard).toEqual([]);
  });
});
