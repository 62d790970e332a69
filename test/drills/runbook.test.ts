import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject } from '../../contracts/json.ts';
import { RunbookFrontMatter } from '../../contracts/runbook.ts';
import { driverServices } from '../../daemon/drills/drivers/index.ts';
import { systemClock } from '../../daemon/clock.ts';
import { parseAttributes } from '../../daemon/runbook/attributes.ts';
import { holds, parseExpression } from '../../daemon/runbook/expression.ts';
import { asIs, fillAll, type Ref } from '../../daemon/runbook/template.ts';
import { tempDir } from '../helpers/ledger.ts';
import { makeHome } from './home.ts';

const FENCE = /^```(\w+) (\{.*\})\n([\s\S]*?)^```$/gm;

test('the shipped self-restore runbook holds when its steps are run on a real home', async () => {
  const text = await readFile(join(import.meta.dirname, '../../runbooks/self-restore.md'), 'utf8');
  const [, yaml = ''] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
  const front = RunbookFrontMatter.parse(parse(yaml));
  expect(front).toMatchObject({
    runbook: 'self-restore',
    action: 'run_drill',
    objectives: { rpo: 60_000, rto: 300_000 },
  });

  const t = await makeHome(await tempDir(), { clock: systemClock });
  const services = driverServices(t.deps);
  const outputs: Record<string, Record<string, string>> = {};
  const look = (ref: Ref): string | undefined =>
    ref.of === 'output' ? outputs[ref.step]?.[ref.name] : undefined;
  const seen: string[] = [];
  for (const [, kind = '', attributes = '', body = ''] of text.matchAll(FENCE)) {
    const { values, problems } = parseAttributes(attributes);
    const { name = '', driver = '' } = values;
    let found: string = problems.join();
    if (kind === 'backup' || kind === 'restore') {
      const options = (parse(fillAll(body, look, asIs)) ?? {}) as JsonObject;
      outputs[name] = (await services[kind](driver, { driver, ...options }, t.context)).outputs;
      await t.more(2);
    } else found += String(holds(parseExpression(body), look));
    seen.push(`${kind} ${name} ${found}`.trim());
  }
  expect(seen).toEqual([
    'backup backup',
    'restore restore',
    'assert same-root true',
    'assert damage-noticed true',
    'assert within-objectives true',
  ]);
  await t.ledger.close();
});
