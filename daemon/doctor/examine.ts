import { ReeveError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import type { Block, Reply } from '../../contracts/reply.ts';
import { checks } from './checks/index.ts';
import { unknown, type Check, type Finding, type Level, type Part } from './check.ts';
import type { Look } from './look.ts';

export interface Found extends Finding {
  check: string;
  part: Part;
}

const MARK: Record<Level, string> = { ok: '✓', wrong: '✗', warn: '!', unknown: '!' };
const TITLE: Record<Part, string> = { here: 'This machine', discord: 'Discord', slack: 'Slack' };

/** Looks at everything, one part after the other; what one check stumbles over does not stop the next. Never rejects. */
export async function examine(look: Look, all: readonly Check[] = checks): Promise<Reply> {
  const found: Found[] = [];
  const there = await look.homeThere();
  for (const { name, part, needsHome, run } of all) {
    if (needsHome === true && !there) continue;
    const findings = await run(look).catch((error: unknown) => [stumbled(error)]);
    found.push(...findings.map((finding) => ({ check: name, part, ...finding })));
  }
  const count = (level: Level): number => found.filter((one) => one.level === level).length;
  const wrong = count('wrong');
  const dark = count('unknown');
  const parts = [
    ...(wrong > 0 ? [`${wrong} wrong`] : []),
    ...(count('warn') > 0 ? [`${count('warn')} to look at`] : []),
    ...(dark > 0 ? [`${dark} could not be checked`] : []),
  ];
  return {
    v: 1,
    command: 'doctor',
    ok: wrong === 0 && dark === 0,
    tone: wrong > 0 ? 'bad' : dark + count('warn') > 0 ? 'warn' : 'good',
    title: parts.length === 0 ? `All ${found.length} checks are fine` : parts.join(', '),
    blocks: (['here', 'discord', 'slack'] as const).flatMap((part) => blocksOf(part, found)),
    data: { wrong, warnings: count('warn'), unknown: dark, findings: found as unknown as Json },
  };
}

function blocksOf(part: Part, found: readonly Found[]): Block[] {
  const lines = found
    .filter((one) => one.part === part)
    .flatMap(({ check, level, text, next }) => [
      `${MARK[level]} ${check}: ${text}`,
      ...(next === undefined ? [] : [`    → ${next}`]),
    ]);
  return lines.length === 0 ? [] : [{ type: 'text', text: [TITLE[part], ...lines].join('\n') }];
}

function stumbled(error: unknown): Finding {
  if (error instanceof ReeveError) return unknown(error.message.replace(/\.$/u, ''), error.hint);
  return unknown(String(error).slice(0, 300), 'A defect of reeve doctor: run it again with --verbose.');
}
