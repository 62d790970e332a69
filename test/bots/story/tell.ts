import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { STORY, type Name, type Step } from './script.ts';
import { systemPace } from '../../../bots/link/pace.ts';
import { whole, type Seen } from './seen.ts';
import type { Shown, Stage } from './stage.ts';

/** What one step showed, for the comparison. */
export interface Told {
  why: string;
  who: Name;
  seen?: Seen;
  offers?: string[];
  typed?: string;
}

/** Tells the story on one platform. Each step's own expectations are checked here. */
export async function tell(stage: Stage, story: readonly Step[] = STORY): Promise<Told[]> {
  const told: Told[] = [];
  let last: Shown | undefined;
  let found: Shown | undefined;
  const used = new Set<string>();
  const patience = new Patience();
  for (const step of story) {
    const at = `${stage.platform}: ${step.why}`;
    if ('does' in step) {
      await writeFile(path.join(stage.world.root, step.does.includes('slow') ? 'go' : 'fixed'), '');
      continue;
    }
    if ('types' in step || 'clicks' in step) await patience.before(step.who);
    if ('completes' in step) {
      const { who, completes, option, typed, given = {} } = step;
      const offers = await stage.completes(who, completes, option, typed, given);
      expect(offers, at).toEqual(expect.arrayContaining(step.offers));
      told.push({ why: step.why, who: step.who, typed, offers: offers.toSorted() });
      continue;
    }
    if ('types' in step) {
      last = await stage.types(step.who, step.types, await filled(stage, step.args ?? {}), step.reason);
    } else if ('finds' in step) {
      found = await stage
        .until(
          () =>
            stage.room(step.in).find((one) => {
              const seen = one.seen();
              return (
                step.finds.every((text) => whole(seen).includes(text)) &&
                // Each finding is one message, once: the same words of an earlier job are an earlier message.
                !used.has(key(one, step))
              );
            }),
          at,
        )
        .catch((error: unknown) => {
          const there = stage.room(step.in).slice(0, 3);
          throw new Error(`${at}\n${there.map((one) => whole(one.seen())).join('\n--\n')}`, { cause: error });
        });
      used.add(key(found, step));
      last = found;
    } else {
      const on = step.of === 'found' ? found : last;
      if (on === undefined) throw new Error(`${at}: nothing is there to press`);
      const before = new Map(stage.alone(step.who).map((one) => [idOf(one), JSON.stringify(one.seen())]));
      await stage.clicks(step.who, on, step.clicks, step.into);
      const { sees } = step;
      if (sees === undefined) continue;
      const said = (): string =>
        `${at}\n${stage
          .alone(step.who)
          .map((one) => whole(one.seen()))
          .join('\n--\n')
          .slice(0, 2000)}`;
      const now = await stage
        .until(
          () =>
            stage
              .alone(step.who)
              .find(
                (one) =>
                  before.get(idOf(one)) !== JSON.stringify(one.seen()) &&
                  sees.every((text) => whole(one.seen()).includes(text)),
              ),
          at,
        )
        .catch((error: unknown) => {
          throw new Error(said(), { cause: error });
        });
      // After a slip the plan stays, to be pressed again.
      if (now.seen().buttons.length > 0 || step.of === 'found') last = now;
      told.push({ why: step.why, who: step.who, seen: checked(now, step, at) });
      continue;
    }
    told.push({ why: step.why, who: step.who, seen: checked(last, step, at) });
  }
  // Whatever was said to everybody, a person who asked may have been told first.
  const open = new Set([...stage.room('ops'), ...stage.room('approvals')].map((one) => one.seen().title));
  for (const { seen } of told) if (seen !== undefined && open.has(seen.title)) seen.alone = false;
  return told;
}

function checked(shown: Shown, step: Step, at: string): Seen {
  const seen = shown.seen();
  if ('sees' in step) for (const text of step.sees ?? []) expect(whole(seen), at).toContain(text);
  if ('buttons' in step && step.buttons !== undefined) expect(seen.buttons, at).toEqual(step.buttons);
  if ('finds' in step) expect(seen.calls, at).toEqual(step.calls ?? []);
  return seen;
}

const idOf = (shown: Shown): unknown =>
  (shown as unknown as { message: { id?: string; ts?: string } }).message.id ??
  (shown as unknown as { message: { ts?: string } }).message.ts;
const key = (shown: Shown, step: { finds: string[] }): string =>
  `${String(idOf(shown))} ${step.finds.join()}`;

/** `$job3`, `$incident1` → their ids in this world. */
async function filled(
  { world }: Stage,
  args: Record<string, string | number>,
): Promise<Record<string, string | number>> {
  const jobs = async () => (await world.records('job.queued')).map(({ body }) => body.job.job_id);
  const incidents = async () => (await world.records('incident.opened')).map(({ body }) => body.id);
  const entries = Object.entries(args).map(async ([name, value]) => {
    const [, kind, n] = /^\$(job|incident)(\d+)$/u.exec(String(value)) ?? [];
    if (kind === undefined) return [name, value] as const;
    const id = (await (kind === 'job' ? jobs() : incidents()))[Number(n) - 1];
    if (id === undefined) throw new Error(`there is no ${String(value)}`);
    return [name, id] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** People of a story ask no faster than they may: nine at once, then one every two seconds. */
class Patience {
  readonly #asked = new Map<Name, number[]>();

  async before(who: Name): Promise<void> {
    const asked = this.#asked.get(who) ?? [];
    this.#asked.set(who, asked);
    // The press that opens a form and the form that is sent are two.
    const cost = 2;
    let left = 9;
    let at = asked[0] ?? 0;
    for (const then of asked) {
      left = Math.min(9, left + (then - at) / 2000) - 1;
      at = then;
    }
    left = Math.min(9, left + (performance.now() - at) / 2000);
    if (left < cost) await systemPace.sleep((cost - left) * 2100);
    asked.push(performance.now());
  }
}
