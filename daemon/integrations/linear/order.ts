import type { RecordBody } from '../../../contracts/record.ts';
import type { LinearChange } from '../../../contracts/records/linear.ts';
import { own } from '../../own.ts';
import type { IssueEvent } from './payload.ts';
import type { LinearState } from './projection.ts';

export type Known = RecordBody<'linear.known'>;

/** As of when a delivery says it, ms; undefined: it does not say. */
export function madeAt({ data, createdAt }: Pick<IssueEvent, 'data' | 'createdAt'>): number | undefined {
  const [at] = [data.updatedAt, createdAt]
    .map((time) => Date.parse(time ?? ''))
    .filter((time) => !Number.isNaN(time));
  return at;
}

/** Whether something newer is known of it: Linear delivers in no order that can be relied on, and again after hours. */
export const isOvertaken = (state: LinearState, incident: string, of: LinearChange, at: number | undefined) =>
  at !== undefined && at < (own(state.links, incident)?.known?.[of] ?? 0);

/** What is to be remembered for that; undefined when it is. */
export function toKnow(
  state: LinearState,
  about: { issue: string; incident: string },
  of: LinearChange,
  at: number | undefined,
): Known | undefined {
  const { issue, incident } = about;
  if (at === undefined || at <= (own(state.links, incident)?.known?.[of] ?? 0)) return undefined;
  return { issue, incident, of, at };
}
