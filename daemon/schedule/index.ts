export { due, jitterOf, type Due, type DueSchedule } from './due.ts';
export { schedules, type ScheduleState, type SchedulesState } from './projection.ts';
export { Scheduler, slotAnchor, type SchedulerDeps } from './scheduler.ts';
export { startTicker } from './ticker.ts';
export { readCron, type Times } from './times.ts';
