import { NO_ENVIRONMENT } from '../../contracts/ids.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { StateView } from '../ports/state.ts';
import { cut } from '../text.ts';
import type { Live } from './live.ts';
import { knownState, probeStates } from './projection.ts';

export interface DegradedDeps {
  state: StateView;
  alerts(): Pick<Alerts, 'raise' | 'resolve'> | undefined;
  warn(what: string, error: unknown): void;
}

const keyOf = (probe: string): string => `probe:${probe}:degraded`;

/**
 * What is degraded works and opens no incident, yet somebody should look at it while there is time: a certificate that ends, a
 * replica without its master. It is an alert that nobody is woken by.
 */
export class Degraded {
  readonly #deps: DegradedDeps;

  constructor(deps: DegradedDeps) {
    this.#deps = deps;
  }

  /** To be called when the state of a probe may have changed. Never rejects. */
  async look(live: Live): Promise<void> {
    const { damp, cause, maintenance, spec, name } = live;
    if (damp.belief === 'degraded' && spec.enabled) {
      if (damp.blind || cause !== null || maintenance !== null) return;
      await this.#told(name, (alerts) => alerts.raise(this.#body(live)));
    } else if (damp.belief !== 'pending') await this.over(name, `${name} is ${damp.belief}`);
  }

  /** It is not degraded any more, or no longer there. */
  async over(name: string, why: string): Promise<void> {
    await this.#told(name, (alerts) => alerts.resolve(keyOf(name), why));
  }

  async #told(
    name: string,
    tell: (alerts: Pick<Alerts, 'raise' | 'resolve'>) => Promise<void>,
  ): Promise<void> {
    const alerts = this.#deps.alerts();
    if (alerts === undefined) return;
    await tell(alerts).catch((error: unknown) => this.#deps.warn(`the alert ${keyOf(name)}`, error));
  }

  /** From what is recorded, not from the last finding: an alert that has only grown older is the same alert. */
  #body({ name, spec: { title, severity, project, env } }: Live): AlertBody {
    const why = knownState(this.#deps.state.get(probeStates), name)?.why ?? '';
    return {
      key: keyOf(name),
      severity: severity === 'info' ? 'info' : 'warn',
      source: 'probe',
      title: cut(`${title ?? name} is degraded`, 200),
      text: `${cut(why, 500)}\nLook at it: reeve probe show ${name}\nAsk again now: reeve probe run ${name}`,
      project,
      ...(env === NO_ENVIRONMENT ? {} : { env }),
      probe: name,
    };
  }
}
