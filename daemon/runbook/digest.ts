import type { Plan } from '../../contracts/plan.ts';
import { canonical } from '../canonical.ts';
import { digestOf } from '../digest.ts';

/** `sha256:` over the plan's RFC 8785 form: what is confirmed, approved and run has this digest. */
export const planDigest = (plan: Plan): string => digestOf(canonical(plan));
