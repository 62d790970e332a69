export { driverServices } from './drivers/index.ts';
export { drills } from './projection.ts';
export { watchDrills } from './watch.ts';
