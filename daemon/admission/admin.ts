import type { AdminEvent } from '../../contracts/admin.ts';
import { ReeveError, fail } from '../../contracts/errors.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { canonical } from '../canonical.ts';
import { digestOf } from '../digest.ts';
import type { ActionContext, AdminAction, AdminOutcome, Preview } from '../ports/actions.ts';
import { iso } from '../time.ts';
import type { Answer, Asked } from './privileged.ts';

/** role → reason → confirm → durable intent → effect → AdminEvent. */
export async function admitAdmin(
  context: ActionContext,
  action: AdminAction,
  args: JsonObject,
  asked: Asked,
): Promise<Answer> {
  const { caller, people, ledger } = context;
  const where = action.where?.(args);
  people.require(caller.person, action.verb, where?.project, where?.env);
  if (action.needsReason === true && context.reason === '')
    throw fail('REASON_REQUIRED', { action: action.name });

  let preview: Preview | undefined;
  if (action.preview !== undefined && !asked.force) {
    preview = await action.preview(context, args);
    const digest = digestOf(canonical({ command: action.name, args, preview }));
    if (asked.confirm !== digest || asked.dry_run) {
      if (asked.confirm !== undefined && !asked.dry_run)
        throw fail('CONFIRMATION_STALE', { action: action.name });
      return {
        title: preview.question,
        tone: 'warn',
        blocks: preview.blocks,
        data: { confirm: digest },
        ...(asked.dry_run ? {} : { confirm: { digest, question: preview.question, destructive: true } }),
      };
    }
  } else if (asked.dry_run) return { title: `${action.name} would be done`, tone: 'info', data: {} };

  const actor = { person: caller.person, via: caller.via, account: caller.account };
  const base = {
    admin_event_id: `ae_${context.hex(24)}`,
    action_type: action.type,
    actor,
    reason: context.reason || `${action.name} by ${caller.person}`,
  };
  const { conceal } = action;
  const shown =
    conceal === undefined
      ? args
      : Object.fromEntries(
          Object.entries(args).map(([k, v]) => [k, conceal.includes(k) ? '[concealed]' : v]),
        );
  let recorded = true;
  try {
    await ledger.append('admin.intent', { ...base, args: shown });
  } catch (error) {
    if (action.evenUnrecorded !== true) throw error;
    recorded = false;
  }
  const event = async (
    more: Pick<AdminEvent, 'before' | 'after' | 'targets' | 'result'> &
      Partial<NonNullable<AdminOutcome['rotation']>>,
  ) => {
    if (!recorded) return;
    await ledger.append('admin.event', {
      ...base,
      observed_at_utc: iso(context.clock.now()),
      ...defined({ ...more, before: fitting(more.before), after: fitting(more.after) }),
    });
  };
  let outcome: AdminOutcome;
  try {
    outcome = await action.run(context, args, preview);
  } catch (error) {
    const code = error instanceof ReeveError ? error.code : 'INTERNAL';
    await event({ result: { status: error instanceof ReeveError ? 'refused' : 'failed', error_code: code } });
    throw error;
  }
  const { before, after, targets, rotation, ...draft } = outcome;
  try {
    await event({ before, after, targets, result: { status: 'done' }, ...rotation });
  } catch (error) {
    if (action.evenUnrecorded !== true) throw error;
  }
  return draft;
}

/** Characters of `before` and of `after` in an AdminEvent; its record has 64 KiB. */
const MAX_FACT = 8000;

/** What would not fit stands there as its size and digest: the event itself must never be missing. */
function fitting(value: Json | undefined): Json | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  return text.length <= MAX_FACT ? value : { left_out: text.length, digest: digestOf(text) };
}

function defined<T extends object>(value: T): T {
  const copy: Partial<T> = {};
  for (const key of Object.keys(value) as (keyof T)[]) if (value[key] !== undefined) copy[key] = value[key];
  return copy as T;
}
