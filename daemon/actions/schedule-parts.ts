import { fail } from '../../contracts/errors.ts';
import { arg } from '../args.ts';
import type { ActionContext } from '../ports/actions.ts';
import type { ScheduleRow } from '../ports/schedules.ts';
import { sees } from './sees.ts';

export const group = 'Drills and schedules';
export const name = arg.schedule('which schedule', { position: 0 });

/** The schedule, as if it were not there for who may not see its place. */
export function visible({ schedules, people, caller }: ActionContext, schedule: string): ScheduleRow {
  const row = schedules.get(schedule);
  if (sees(people, caller.person, row)) return row;
  throw fail('SCHEDULE_UNKNOWN', { schedule, help: '`reeve schedule list` shows them.' });
}
