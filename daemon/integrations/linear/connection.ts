import { ReeveError } from '../../../contracts/errors.ts';
import type { LinearSpec } from '../../../contracts/estate/integrations.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Config } from '../../ports/config.ts';
import type { Secrets } from '../../ports/secrets.ts';
import { LinearApi } from './api.ts';
import { Budget } from './budget.ts';
import { LinearProblem } from './problem.ts';
import { loadSdk, requestOver } from './transport.ts';

export interface ConnectionDeps {
  clock: Pick<Clock, 'now' | 'monotonic'>;
  config: Config;
  secrets: Pick<Secrets, 'get'>;
}

/** The one client, as reeve.yaml has it now; and how much it may ask. */
export class Connection {
  readonly #deps: ConnectionDeps;
  readonly #budget = new Budget();
  #api: Promise<LinearApi> | undefined;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
  }

  get spec(): LinearSpec | undefined {
    return this.#deps.config.current().config.integrations.linear;
  }

  /** What is written is written with this; undefined where nothing is. */
  get writes(): (LinearSpec & { token: string; team: string }) | undefined {
    const { spec } = this;
    if (spec?.token === undefined || spec.team === undefined) return undefined;
    const { token, team } = spec;
    return { ...spec, token, team };
  }

  /** Rejects LinearProblem. */
  open(): Promise<LinearApi> {
    this.#api ??= this.#connect().catch((error: unknown) => {
      this.#api = undefined;
      throw error;
    });
    return this.#api;
  }

  /** The key, the team or what is allowed may be another now. */
  forget(): void {
    this.#api = undefined;
    this.#budget.doubt();
  }

  /** How long to wait before the next request, ms. */
  wait(): number {
    return this.#budget.wait(this.spec?.budget ?? 1, this.#deps.clock.monotonic());
  }

  /** Requests that are left in this hour's budget. */
  left(): number | null {
    const { spec } = this;
    return spec === undefined ? null : this.#budget.left(spec.budget, this.#deps.clock.monotonic());
  }

  async #connect(): Promise<LinearApi> {
    const { secrets, config, clock } = this.#deps;
    const { writes } = this;
    if (writes === undefined) throw new LinearProblem('refused', 'reeve.yaml names no key for it');
    const key = await secrets.get(writes.token).catch((error: unknown) => {
      throw error instanceof ReeveError
        ? new LinearProblem('refused', error.message, { cause: error })
        : error;
    });
    const sdk = loadSdk();
    const request = requestOver({
      api: writes.api,
      token: key.trim(),
      allowed: config.current().config.network.allow,
      budget: this.#budget,
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sdk,
    });
    return new LinearApi(new sdk.LinearSdk(request), request, writes.team);
  }
}
