import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Block } from '../../../contracts/reply.ts';
import { fail } from '../../../contracts/errors.ts';
import { liveOf } from '../../../bots/dispatch/live.ts';
import { discordMarkup } from '../../../bots/dispatch/markup/discord.ts';
import { slackMarkup } from '../../../bots/dispatch/markup/slack.ts';
import { harmlessLines } from '../../../bots/dispatch/text.ts';
import { DISCORD_VIEW, SLACK_VIEW, replyView, viewOf } from '../../../bots/dispatch/view.ts';
import { jobOf, replyOf } from '../../helpers/standin-daemon.ts';

const PLATFORMS = [
  { markup: discordMarkup, limits: DISCORD_VIEW },
  { markup: slackMarkup, limits: SLACK_VIEW },
] as const;

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.nat({ max: 9000 }).map((n) => 'x'.repeat(n)),
  fc
    .array(fc.constantFrom('<', '&', '`', '@everyone ', '\n', '```', 'word '), { maxLength: 3000 })
    .map((p) => p.join('')),
);
const block: fc.Arbitrary<Block> = fc.oneof(
  text.map((t): Block => ({ type: 'text', text: t })),
  text.map((t): Block => ({ type: 'hint', text: t })),
  fc.tuple(fc.string(), text).map(([language, t]): Block => ({ type: 'code', language, text: t })),
  fc
    .array(fc.tuple(fc.string(), text), { maxLength: 10 })
    .map((pairs): Block => ({ type: 'fields', fields: pairs.map(([label, value]) => ({ label, value })) })),
  fc.array(fc.array(text, { minLength: 2, maxLength: 2 }), { maxLength: 60 }).map((rows): Block => ({
    type: 'table',
    columns: [{ label: 'a' }, { label: 'b' }],
    rows,
    empty: 'none',
  })),
);

test('whatever is shown: within the platform’s limits, blocks closed, and cut only where a file has it whole', () => {
  fc.assert(
    fc.property(text, fc.array(block, { maxLength: 8 }), (title, blocks) => {
      for (const { markup, limits } of PLATFORMS) {
        const view = viewOf({ tone: 'info', title, blocks }, markup, limits);
        expect(view.title.length).toBeLessThanOrEqual(limits.title);
        expect(view.sections.length).toBeLessThanOrEqual(limits.sections);
        for (const section of view.sections) {
          expect(section.length).toBeLessThanOrEqual(limits.section);
          expect(section).not.toBe('');
          expect(section).not.toContain('@everyone');
          if (markup === slackMarkup) expect(section).not.toContain('<!');
          // Blocks are opened and closed in turn, each on a line of its own.
          expect(section.split('\n').filter((line) => line === '```').length % 2).toBe(0);
        }
        const cutSomething = view.sections.join('\n').includes('cut here');
        expect(view.files.length).toBe(cutSomething ? 1 : 0);
        const [file] = view.files;
        if (file === undefined) continue;
        for (const one of blocks)
          if (one.type === 'code' || one.type === 'text')
            for (const line of harmlessLines(one.text)) expect(file.data).toContain(line);
      }
    }),
    { numRuns: 60 },
  );
});

test('a plan that fits is shown to the letter; one that does not is shown and attached whole', () => {
  const script = (lines: number): Block => ({
    type: 'code',
    language: 'sh · build · runbooks/deploy.md:12',
    text: Array.from({ length: lines }, (_, i) => `echo step ${i} "$REEVE_INPUT_NAME" && make <target>`).join(
      '\n',
    ),
  });
  for (const { markup, limits } of PLATFORMS) {
    const short = viewOf({ tone: 'warn', title: 'Deploy?', blocks: [script(20)] }, markup, limits);
    expect(short.files).toEqual([]);
    for (const line of script(20).type === 'code' ? (script(20) as { text: string }).text.split('\n') : [])
      expect(short.sections.join('\n')).toContain(markup.inFence(line));
    const long = viewOf({ tone: 'warn', title: 'Deploy?', blocks: [script(900)] }, markup, limits);
    expect(long.files).toHaveLength(1);
    expect(long.files[0]?.data).toContain((script(900) as { text: string }).text);
    expect(long.sections.at(-1)).toContain('reeve.txt');
  }
});

test('a log line of 6,000 characters is cut with its length, and stands whole in the file', () => {
  for (const { markup, limits } of PLATFORMS) {
    const view = viewOf(
      {
        tone: 'info',
        title: 't',
        blocks: [{ type: 'code', language: 'log', text: `a\n${'y'.repeat(6000)}\nz` }],
      },
      markup,
      limits,
    );
    expect(view.sections.join('\n')).toContain('(6000 characters)');
    expect(view.sections.join('\n')).toContain('\nz');
    expect(view.files[0]?.data).toContain('y'.repeat(6000));
  }
});

test('a refusal says what failed, what to do next, its code and its record', () => {
  const error = { ...fail('PRESS_EXPIRED').toResponse(), ledger_seq: 42 };
  const view = replyView(replyOf('deploy', { ok: false, error }), discordMarkup, DISCORD_VIEW);
  expect(view).toMatchObject({ tone: 'bad', title: 'This button has expired; nothing was done.' });
  expect(view.sections[0]).toContain('PRESS\\_EXPIRED');
  expect(view.sections[0]).toContain('42');
  expect(view.sections[0]).toContain('Ask again with the command');
});

test('a live message: steps, time, tail and verdict; the same job at the same moment is the same text', () => {
  const steps = [
    { name: 'build', kind: 'sh', on: 'normal', summary: 'make it', status: 'PASS', ms: 1200 },
    { name: 'ship', kind: 'sh', on: 'normal', summary: 'send it', status: 'RUNNING' },
  ] as const;
  const job = jobOf('RUNNING', { steps: [...steps] });
  const tail = Array.from({ length: 20 }, (_, i) => ({ step: 'ship', line: `line ${i} @everyone` }));
  const running = liveOf({ version: '1', job, tail, over: false, page: null }, 1_700_000_090_000);
  const view = viewOf(running, discordMarkup, DISCORD_VIEW);
  expect(view.title).toBe('Self restore on reeve/none is running');
  expect(view.sections[0]).toContain('1m 30s');
  expect(view.sections[0]).toContain('✓ build: make it (1.2 s)');
  expect(view.sections[0]).toContain('▸ ship: send it');
  expect(view.sections[0]).toContain('line 19');
  expect(view.sections[0]).not.toContain('line 11 ');
  expect(liveOf({ version: '1', job, tail, over: false, page: null }, 1_700_000_090_000)).toEqual(running);

  const failed = jobOf('FAIL', { why: 'ship: exit 3', ended_at: 1_700_000_010_000 });
  const end = viewOf(
    liveOf({ version: '2', job: failed, tail: [], over: true, page: null }, 0),
    slackMarkup,
    SLACK_VIEW,
  );
  expect(end).toMatchObject({ tone: 'bad', title: 'Self restore on reeve/none failed' });
  expect(end.sections[0]).toContain('ship: exit 3');
  expect(end.sections[0]).toContain('10.0 s');
});

test('the live message of a job that says what came of it ends with that, as the CLI does', () => {
  const outputs = {
    title: 'shop: notes (dry run)',
    headline: 'quiet',
    changes: 'a.md: would be written',
    conflicts: '1',
  };
  const shown = (over: boolean): string =>
    viewOf(
      liveOf(
        { version: '1', job: jobOf(over ? 'PASS' : 'RUNNING', { outputs }), tail: [], over, page: null },
        0,
      ),
      slackMarkup,
      SLACK_VIEW,
    ).sections.join('\n');
  expect(shown(true)).toContain('shop: notes (dry run)\nquiet\na.md: would be written\n1 conflict');
  expect(shown(false)).not.toContain('quiet');
});

test('a live message links to its job on the page, where the estate says how people reach it', () => {
  const job = jobOf('PASS', { ended_at: 1_700_000_010_000 });
  const url = `http://localhost:7333/#${job.spec.job_id}`;
  const shown = liveOf({ version: '1', job, tail: [], over: true, page: url }, 0);
  const [discord, slack] = PLATFORMS.map(({ markup, limits }) => viewOf(shown, markup, limits).sections[0]);
  expect(discord).toContain(`[The job on the page](${url})`);
  expect(slack).toContain(`<${url}|The job on the page>`);
  const none = viewOf(
    liveOf({ version: '1', job, tail: [], over: true, page: null }, 0),
    discordMarkup,
    DISCORD_VIEW,
  );
  expect(none.sections[0]).not.toContain('](');
});

test('an address with anything in it that could end or format a link is text', () => {
  for (const url of ['javascript:alert(1)', 'https://a.example/)[x](https://b.example', 'https://a|b>', '']) {
    expect(discordMarkup.link('here', url)).not.toMatch(/(?<!\\)\]\(/);
    expect(slackMarkup.link('here', url)).not.toMatch(/^</);
  }
});
