import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { drawn } from '../../bots/link/picture.ts';
import type { ChatPost } from '../../contracts/chat.ts';
import { weekChart } from '../../daemon/practice/report/chart.ts';
import { pngSize } from '../bots/drill.ts';
import { ESTATE, openChatRig, sayAll, type ChatRig } from '../chat/rig.ts';
import { RUNBOOKS } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';

const shipped = (name: string): Promise<string> => readFile(path.join(REPO, 'runbooks', name), 'utf8');
const today = (): string => new Date().toISOString().slice(0, 10);

async function open(more: Record<string, string> = {}): Promise<ChatRig> {
  const rig = await openChatRig({
    estate: `${ESTATE}alerts: { channels: { ops: { kind: chat, topic: default } } }\n`,
    runbooks: {
      ...RUNBOOKS,
      ...more,
      'weekly-digest.md': await shipped('weekly-digest.md'),
      'daily-digest.md': await shipped('daily-digest.md'),
      'self-restore.md': await shipped('self-restore.md'),
    },
  });
  await sayAll(rig);
  return rig;
}
/** Runs it; resolves to what the bot is to say of it under its title. */
async function told(rig: ChatRig, runbook: string, title: RegExp): Promise<ChatPost | undefined> {
  const args = {
    runbook,
    project: 'shop',
    env: 'dev',
    ...(runbook.endsWith('digest') ? { input: ['scope=estate'] } : {}),
  };
  const job = rig.end(await rig.as('root', { command: 'run', args, force: true }));
  expect(await job).toBe('PASS');
  return (await sayAll(rig)).find((post) => title.test(post.title));
}
test('the week in chat has a picture: jobs a day by how they ended, incidents, drills; its words for those who do not see it', async () => {
  const rig = await open();
  const word = 'correct-horse-battery';
  await rig.as('root', { command: 'secret set', args: { name: 'word', value: word } });
  await rig.end(
    await rig.as('ana', {
      command: 'deploy',
      args: { project: 'shop', env: 'dev', runbook: 'touch' },
      force: true,
    }),
  );
  await rig.as('ana', {
    command: 'incidents open',
    args: { title: 'Dark', project: 'shop', env: 'dev' },
    reason: 'it is',
  });
  const args = { drill: 'self-restore', project: 'shop', env: 'dev' };
  expect(await rig.end(await rig.as('root', { command: 'drill run', args, force: true }))).toBe('PASS');
  await expect.poll(() => rig.records('drill.result')).toHaveLength(1);
  await sayAll(rig);
  const made = await rig.app.running.features.practice.digest({
    period: 'week',
    from: Date.parse(`${today()}T00:00:00Z`) - 6 * 86_400_000,
    to: Date.parse(`${today()}T00:00:00Z`) + 86_400_000,
    project: undefined,
  });
  expect(made.chart).toContain(
    'Jobs: 2 passed, 0 failed, 0 cancelled or unknown. Incidents opened: 1; 1 drill, 0 beyond an objective.',
  );
  expect(made.chart).toContain('>self-restore</text>');
  expect(made.chart).toMatch(/>\S+ \S+ ≤ 1 min<\/text>/);
  expect(made.chart?.match(/>(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+<\/text>/g)).toHaveLength(7);

  const post = await told(rig, 'weekly-digest', /: week of /);
  expect(post?.picture).toMatchObject({ name: 'chart' });
  expect(post?.picture?.alt).toMatch(/^test: week of .*\. Jobs: \d+ passed, /);
  const png = await drawn(post?.picture ?? { name: 'x', alt: '', svg: '' });
  expect(pngSize(Buffer.from(png.data))?.[0]).toBe(1520);
  // It is kept with the job, as evidence of what was shown.
  const kept = (await rig.records('job.step.finished')).flatMap(({ body }) => body.artifacts ?? []);
  expect(kept.map(({ mediaType }) => mediaType)).toContain('image/svg+xml');
  // A day has none.
  const day = await told(rig, 'daily-digest', /^test: \d{4}-\d\d-\d\d$/);
  expect(day).toBeDefined();
  expect(day?.picture).toBeUndefined();
});

test('only what a step of the runbook has drawn is shown, and only what is a picture', async () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const front = (name: string): string => `---\nrunbook: ${name}\ntitle: Tell ${name}\ntimeout: 1m\n---\n`;
  const rig = await open({
    'input.md': `${front('input').replace('timeout', 'inputs: { p: { type: string } }\ntimeout')}\`\`\`notify { name=n channel=ops picture=\${inputs.p} }\nx\n\`\`\`\n`,
    'gone.md': `${front('gone')}\`\`\`sh { name=s }\necho "picture=${digest}" >> "$REEVE_OUTPUT"\n\`\`\`\n\`\`\`notify { name=n channel=ops picture=\${steps.s.outputs.picture} }\nx\n\`\`\`\n`,
  });
  const lint = await rig.app.running.deps.runbooks.lint('input');
  expect(lint.map(({ message }) => message)).toEqual([
    'picture: an output of a step, such as ${steps.write.outputs.picture}',
  ]);
  const post = await told(rig, 'gone', /^Tell gone$/);
  expect(post).toMatchObject({ title: 'Tell gone' });
  expect(post?.picture).toBeUndefined();
  // One that would have the bot read a file, and one that is just a picture.
  const svg = (more: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">${more}</svg>`;
  for (const [name, more] of [
    ['reads', '<image href="/etc/hostname" width="20" height="20"/>'],
    ['plain', '<rect width="20" height="20"/>'],
  ] as const) {
    const { digest: kept } = await rig.app.store.artifacts.put(Buffer.from(svg(more)), {
      mediaType: 'image/svg+xml',
      name: 'x.svg',
    });
    const steps = `\`\`\`sh { name=s }\necho "picture=${kept}" >> "$REEVE_OUTPUT"\n\`\`\`\n\`\`\`notify { name=n channel=ops picture=\${steps.s.outputs.picture} }\nx\n\`\`\`\n`;
    await rig.write(`runbooks/${name}.md`, `${front(name)}${steps}`);
    const shown = await told(rig, name, new RegExp(`^Tell ${name}$`));
    expect(shown, name).toBeDefined();
    expect(shown?.picture?.svg, name).toBe(name === 'plain' ? svg(more) : undefined);
  }
});

test('a week of many drills and names of any kind is drawn, each name as text; a week of nothing is, too', async () => {
  const days = Array.from({ length: 7 }, (_, n) => ({
    name: `Mon ${n}`,
    passed: n * 1000,
    failed: n,
    other: 0,
    incidents: n,
  }));
  const drills = Array.from({ length: 9 }, (_, n) => ({
    name: `<b>${'x'.repeat(40)}&${n}`,
    verdict: ['PASS', 'FAIL', 'UNKNOWN'][n % 3] ?? '',
    rpo_ms: n === 0 ? null : n * 1000,
    rto_ms: n * 60_000,
    objective_rpo_ms: n === 1 ? 0 : 4000,
    objective_rto_ms: null,
  }));
  for (const chart of [
    weekChart({ title: '<i>', days, drills }),
    weekChart({
      title: 't',
      days: days.map((day) => ({ ...day, passed: 0, failed: 0, incidents: 0 })),
      drills: [],
    }),
  ]) {
    expect(chart).not.toMatch(/<b>|<i>|NaN|undefined/);
    const { data } = await drawn({ name: 'week', alt: '', svg: chart });
    expect(pngSize(Buffer.from(data))?.[0]).toBe(1520);
  }
});
