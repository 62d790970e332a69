import { expect, test } from 'vitest';
import { stage } from './stage.ts';

test.each(['discord', 'slack'] as const)(
  'attack 53: a reason far too long, on %s: refused in words, nothing starts, and nothing of it is kept',
  async (platform) => {
    const { world, [platform]: side } = await stage();
    // The longest that Discord lets through, and one that is too long for the record only.
    for (const length of [2001, 5900]) {
      await side.type('ana', 'halt', { project: 'shop', reason: 'x'.repeat(length) });
    }
    const refused = () =>
      side.all('ana', 'ops').filter((m) => m.text().includes('longer than 2000 characters'));
    await side.until('both answers', () => refused().length === 2);
    for (const answer of refused()) {
      expect(answer.own).toBe(true);
      expect(answer.text()).toContain('Say it shorter');
      expect(answer.text()).not.toContain('xxxxxxxxxx');
    }
    expect(await world.records('halt.set')).toEqual([]);
    expect(JSON.stringify(await world.records('admission.refused'))).not.toContain('xxxxxxxxxx');
    side.clean();
  },
);
