export { createConfig } from './config.ts';
export { findEstate, loadEstate } from './load.ts';
export { mandatesProjection } from './mandate-projection.ts';
export { createMandates } from './mandates.ts';
export {
  configVersions,
  configVersionsProjection,
  estateVersion,
  recordVersions,
  runbookVersion,
} from './versions.ts';
export { watchFolder } from './watch.ts';
