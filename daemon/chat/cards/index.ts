import type { CardSource } from './card.ts';
import { drills } from './drills.ts';
import { heads } from './heads.ts';
import { incidents } from './incidents.ts';
import { jobs } from './jobs.ts';
import { keys } from './keys.ts';
import { requests } from './requests.ts';
import { reviews } from './reviews.ts';
import { said } from './said.ts';

/** What is said in chat because of what stands in the ledger: one file and one line each. A record type has one source. */
export const sources = [
  requests,
  jobs,
  incidents,
  drills,
  reviews,
  keys,
  heads,
  said,
] as const satisfies readonly CardSource[];
