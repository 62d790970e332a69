export { createConfig } from './config.ts';
export { checkEstate, findEstate, loadEstate, parseEstate, SHIPPED } from './load.ts';
export type { LoadedEstate, Problem } from './load.ts';
export {
  configVersions,
  configVersionsProjection,
  estateVersion,
  recordVersions,
  runbookVersion,
} from './versions.ts';
export { mandatesProjection } from './mandate-projection.ts';
export { createMandates } from './mandates.ts';
export type { LiveMandates } from './mandates.ts';
