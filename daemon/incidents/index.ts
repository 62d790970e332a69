import type { Alerts } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Incidents } from '../ports/incidents.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { IncidentBook } from './book.ts';
import { draftPostmortem, type DraftDeps } from './draft.ts';
import { Healer, type HealerDeps } from './healer.ts';
import { Keeper } from './keeper.ts';
import { IncidentService } from './service.ts';

export interface IncidentsDeps
  extends
    Omit<DraftDeps, 'book' | 'ledger' | 'jobs'>,
    Omit<HealerDeps, 'book' | 'ledger' | 'jobs' | 'config' | 'warn'> {
  clock: Clock;
  ledger: Ledger;
  state: StateView;
  jobs: DraftDeps['jobs'] & HealerDeps['jobs'];
  alerts: Pick<Alerts, 'raise' | 'resolve' | 'acknowledge'>;
  /** Random lower-case hex digits. */
  hex(digits: number): string;
  /** Hides what is secret in a text. */
  clean(text: string): string;
}

export interface OpenedIncidents {
  service: Omit<Incidents, 'get' | 'list' | 'heals' | 'said'>;
  keeper: Keeper;
}

/** Opens the keeping of incidents. Nothing happens by itself before `keeper.start()`. */
export function openIncidents(deps: IncidentsDeps): OpenedIncidents {
  const book = new IncidentBook(deps);
  const drafts = { ...deps, book };
  const keeper = new Keeper({
    ...deps,
    book,
    healer: new Healer({ ...deps, book }),
    draft: (id) => draftPostmortem(drafts, id),
  });
  return { keeper, service: new IncidentService({ ...drafts, keeper, clean: (text) => deps.clean(text) }) };
}
