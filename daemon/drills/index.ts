export { drills } from './projection.ts';
export { watchDrills } from './watch.ts';
