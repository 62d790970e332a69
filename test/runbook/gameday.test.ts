import { expect, test } from 'vitest';
import { makeWorld } from './world.ts';

const step = (name: string, more = ''): string => `\`\`\`sh { name=${name}${more} }\ntrue\n\`\`\`\n`;
const DRILL = 'action: run_drill\n';

async function mistakes(steps: string, front = DRILL): Promise<string[]> {
  const world = await makeWorld();
  await world.write('day', steps, front);
  return (await world.runbooks.lint('day')).map(({ at, message }) => `${at}: ${message}`);
}
async function phases(steps: string, front = DRILL): Promise<unknown[]> {
  const world = await makeWorld();
  await world.write('day', steps, front);
  return (await world.plan('day')).steps.map(({ name, phase, on }) => [name, phase ?? '-', on].join(' '));
}

test('sections make a drill a game day, and attributes any runbook', async () => {
  const planned = [
    'a steady normal',
    'b method normal',
    'c rollback failure',
    'd - always',
    'a-again again always',
  ];
  const sections = `## 1. Steady state\n${step('a')}## 2. Method\n${step('b')}## Rollback\n${step('c')}## Cleanup\n${step('d')}`;
  expect(await phases(sections)).toEqual(planned);
  const marked = [
    step('a', ' phase=steady'),
    step('b', ' phase=method'),
    step('c', ' phase=rollback'),
    step('d', ' on=always'),
  ];
  expect(await phases(marked.join(''), '')).toEqual(planned);
});

test('the same headings in another runbook, and a drill without a method, mean what they always did', async () => {
  const sections = `## Steady state\n${step('a')}## Method\n${step('b')}## Rollback\n${step('c')}`;
  expect(await phases(sections, '')).toEqual(['a - normal', 'b - normal', 'c - failure']);
  expect(await phases(`## Work\n${step('a')}## Rollback\n${step('b')}`)).toEqual([
    'a - normal',
    'b - failure',
  ]);
});

test('a game day that lacks a phase, a step without one, and a name that is taken are mistakes with their line', async () => {
  expect(await mistakes(`## Method\n${step('a')}## Rollback\n${step('b')}`)).toEqual([
    expect.stringMatching(
      /day\.md:\d+: a game day needs a step with phase=steady, or under "## Steady state"/,
    ),
  ]);
  expect(await mistakes(`## Steady state\n${step('a')}## Method\n${step('b')}`)).toEqual([
    expect.stringContaining('needs a step with phase=rollback'),
  ]);
  const whole = `## Steady state\n${step('a')}## Method\n${step('b')}## Rollback\n${step('c')}`;
  expect(await mistakes(`${whole}## Afterwards\n${step('d')}`)).toEqual([
    expect.stringContaining('stands under "Steady state"'),
  ]);
  expect(await mistakes(`${whole}${step('a-again', ' on=always')}`)).toEqual([
    expect.stringContaining('is kept for asking a again'),
  ]);
  expect(await mistakes(whole.replace('name=b', 'name=b phase=mehtod'))).toEqual(
    expect.arrayContaining([expect.stringContaining('phase: "mehtod" is none of steady, method, rollback')]),
  );
});
