import { expect, test } from 'vitest';
import { stage } from './stage.ts';

test.each(['discord', 'slack'] as const)(
  'the digest on %s: what waits for a person first, as each platform writes it, with nothing that it would act on',
  async (platform) => {
    const { world, [platform]: side } = await stage();
    const title = 'Dark <!channel> @everyone *now*';
    await world.as('ana', {
      command: 'incidents open',
      args: { title, project: 'shop', env: 'dev', severity: 'page' },
    });
    await side.type('ben', 'digest', { to: new Date().toISOString().slice(0, 10) });
    const shown = await side.sees('ben', 'ops', 'the digest', (m) => m.text().includes('Waits for a person'));
    expect(shown.text()).toMatch(/Waits for a person/);
    expect(shown.text()).toMatch(/Incident .*page, shop\/dev.*Dark.*channel.*everyone.*goes on/);
    expect(shown.text()).toContain('No drill is scheduled');
    // Bold and code are the platform's own affair: no mark of another language is left.
    expect(shown.text()).not.toMatch(/\*.?\*.?Waits|`/);
    expect(shown.calls()).toEqual([]);
    side.clean();
  },
);
