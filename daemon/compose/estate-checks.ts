import type { EstateCheck } from '../ports/estate-check.ts';

/**
 * What features know of their own parts of reeve.yaml beyond its schema. Each loads its code only when its part is there:
 * most estates have few of them, and the start is to stay short.
 */
export const estateChecks: readonly EstateCheck[] = [];
