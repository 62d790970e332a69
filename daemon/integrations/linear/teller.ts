import { plural } from '../../../contracts/units.ts';
import type { Alerts } from '../../ports/alerts.ts';

const ALERT = 'linear:outbox';

export interface TellerDeps {
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  warn(what: string, error: unknown): void;
}

/** Tells people that what is written to Linear waits, and that it does no more; one after the other. */
export class Teller {
  readonly #deps: TellerDeps;
  #told: Promise<void> = Promise.resolve();

  constructor(deps: TellerDeps) {
    this.#deps = deps;
  }

  tell(trouble: string | null, waiting: number): void {
    const { alerts, warn } = this.#deps;
    this.#told = this.#told
      .then(() =>
        trouble === null
          ? alerts.resolve(ALERT, 'Linear takes what is written again')
          : alerts.raise({
              key: ALERT,
              severity: 'warn',
              source: 'daemon',
              title: 'What is written to Linear waits',
              text: `${trouble}. ${plural(waiting, 'thing')} to send when it works again; \`reeve linear status\` shows them.`,
            }),
      )
      .catch((error: unknown) => warn('linear', error));
  }

  /** Resolves when it is all said. */
  settled(): Promise<void> {
    return this.#told;
  }
}
