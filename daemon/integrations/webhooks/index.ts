import path from 'node:path';
import { fail, ReeveError } from '../../../contracts/errors.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import { isNoSpace } from '../../durable.ts';
import type { Home } from '../../home.ts';
import type { Log } from '../../log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Config } from '../../ports/config.ts';
import type { Fs } from '../../ports/fs.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Secrets } from '../../ports/secrets.ts';
import type { RawDelivery, Taken, WebhookName } from '../../ports/webhooks.ts';
import { Deadlines } from './deadlines.ts';
import { Intake } from './intake.ts';
import { keep, note, remember, type Remembered } from './memory.ts';
import { Keyring, Sources, type Configured } from './open.ts';
import { Packs, type Place } from './packs.ts';
import { probe } from './tester.ts';

/** What is kept of the ledger's deliveries is written after so many, or after an eighth of them: it is written whole. */
const KEEP_EVERY = 5000;
const KEEP_PART = 8;
/** Old bodies are looked for so often, ms. */
const FORGET_EVERY = 3_600_000;
/** Before the sender gives up, ms. */
const MARGIN = 1000;

export interface WebhooksDeps {
  fs: Fs;
  clock: Clock;
  home: Pick<Home, 'webhooks' | 'state'>;
  ledger: Ledger;
  config: Config;
  secrets: Pick<Secrets, 'get'>;
  log: Pick<Log, 'warn' | 'error'>;
  hex(digits: number): string;
}

/** Deliveries from outside, from the raw request to the record. One for each daemon. */
export class WebhookDesk {
  readonly #deps: WebhooksDeps;
  readonly #sources = new Sources();
  readonly #keyring: Keyring;
  readonly #deadlines: Deadlines;
  readonly #packs: Packs;
  readonly #intake: Intake;
  #memory: Promise<Remembered> | undefined;
  #unkept = 0;
  #keepEvery = KEEP_EVERY;
  readonly #stops: (() => void)[] = [];

  constructor(deps: WebhooksDeps) {
    const { fs, clock, home, ledger } = deps;
    this.#deps = deps;
    this.#keyring = new Keyring(deps.secrets);
    this.#packs = new Packs(fs, clock, home.webhooks);
    this.#intake = new Intake({
      clock,
      ledger,
      packs: this.#packs,
      standing: (keys) =>
        this.#known?.seen.standing(keys) ??
        (this.#memory ??= this.#remember()).then(({ seen }) => seen.standing(keys)),
    });
    this.#deadlines = new Deadlines(clock);
    this.#stops.push(() => this.#deadlines.close());
    this.#stops.push(ledger.subscribe((record) => this.#saw(record)));
    this.#forgetLater();
  }

  async receive(name: WebhookName, raw: RawDelivery): Promise<Taken> {
    const configured = this.#configured(name);
    const source = this.#keyring.opened(configured);
    try {
      const taking =
        source === undefined
          ? this.#keyring.open(configured).then((opened) => this.#intake.take(opened, raw))
          : this.#intake.take(source, raw);
      return await this.#deadlines.within(configured.kind.patience - MARGIN, taking, tooSlow);
    } catch (error) {
      throw this.#busy(error);
    }
  }

  #configured(name: WebhookName): Configured {
    const configured = this.#sources.named(this.#deps.config.current().config.integrations, name);
    if (configured === undefined) throw fail('WEBHOOK_UNKNOWN', { source: name });
    return configured;
  }

  body = (place: Place, digest: string, delivery: string): Promise<Buffer> =>
    this.#packs.get(place, digest, delivery);

  async test(name: WebhookName, base: string): ReturnType<typeof probe> {
    const { config, clock, hex } = this.#deps;
    const configured = this.#configured(name);
    const {
      config: { network },
    } = config.current();
    return probe(await this.#keyring.open(configured), {
      base,
      now: () => clock.now(),
      id: `reeve-test-${hex(16)}`,
      allowed: network.allow,
    });
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#packs.close();
    const known = await this.#memory?.catch(() => undefined);
    if (known !== undefined && this.#unkept > 0) await this.#keep(known);
  }

  get #file(): string {
    return path.join(this.#deps.home.state, 'webhooks.seen');
  }

  /** Goes on with what is appended while the past is read: `#saw` leaves that to the end of it. */
  async #remember(): Promise<Remembered> {
    const { fs, ledger } = this.#deps;
    try {
      const known = await remember(fs, this.#file, ledger);
      // What came since the head that the reading began with, in the same turn in which listening takes over.
      while (known.upto < ledger.head().size)
        for await (const record of ledger.read(known.upto)) note(known, record);
      this.#known = known;
      return known;
    } catch (error) {
      this.#memory = undefined;
      throw error;
    }
  }
  #known: Remembered | undefined;

  #saw(record: LedgerRecord): void {
    if (record.type === 'admin.event' && record.body.action_type === 'rotate_secret') this.#keyring.forget();
    const known = this.#known;
    if (known === undefined) return;
    note(known, record);
    if (record.type !== 'webhook.received' || ++this.#unkept < this.#keepEvery) return;
    void this.#keep(known);
  }

  async #keep(known: Remembered): Promise<void> {
    this.#unkept = 0;
    this.#keepEvery = Math.max(KEEP_EVERY, Math.floor(known.seen.keys.size / 3 / KEEP_PART));
    // It can be worked out again.
    await keep(this.#deps.fs, this.#file, known).catch((error: unknown) =>
      this.#deps.log.warn('what webhooks were seen could not be kept', { error: String(error) }),
    );
  }

  #forgetLater(): void {
    const { clock, config, log } = this.#deps;
    const again = (): void => {
      void this.#packs
        .forget(config.current().config.integrations.keep)
        .catch((error: unknown) =>
          log.warn('old webhook bodies could not be deleted', { error: String(error) }),
        )
        .finally(() => (cancel = clock.after(FORGET_EVERY, again)));
    };
    let cancel = clock.after(0, again);
    this.#stops.push(() => cancel());
  }

  /** What the disk says, as what the sender is to do. */
  #busy(error: unknown): unknown {
    if (error instanceof ReeveError) {
      const { code } = error;
      return code === 'LEDGER_UNWRITABLE' || code === 'LEDGER_DISK_FULL' || code === 'SECRET_NOT_FOUND'
        ? fail('WEBHOOK_BUSY', { why: error.message.replace(/\.$/, '') }, { cause: error })
        : error;
    }
    this.#deps.log.error('a webhook could not be stored', { error: String(error) });
    const why = isNoSpace(error) ? 'the disk is full' : 'it could not be stored';
    return fail('WEBHOOK_BUSY', { why }, { cause: error });
  }
}

const tooSlow = (): ReeveError => fail('WEBHOOK_BUSY', { why: 'the disk is too slow just now' });
