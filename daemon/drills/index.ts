export type { BootedCopy, DriverDeps } from './driver.ts';
export { driverServices } from './drivers/index.ts';
export { backupsIn } from './home/backup.ts';
export { drills, lastResult, type DrillResult, type DrillsState } from './projection.ts';
export { recordDrill, type RecordDeps } from './record.ts';
export { watchDrills, type DrillWatch } from './watch.ts';
