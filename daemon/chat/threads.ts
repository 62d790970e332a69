import { ChatHeard, type ChatNoted, type ChatThread, type Platform } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import { own } from '../own.ts';
import type { Caller } from '../ports/door.ts';
import type { IncidentView } from '../ports/incidents.ts';
import { cut } from '../text.ts';
import type { ChatDeps } from './deps.ts';
import { PARTS, chatProjection, isNewer, noteOf } from './projection.ts';
import { refusal, type Asker } from './refusal.ts';
import { Sparse } from './sparse.ts';
import { callerOf } from './who.ts';

/** Incidents whose threads are read at once, the newest. */
const THREADS = 20;
/** How long after its end words about an incident are still taken, ms. */
const AFTERWARDS = 86_400_000;

const COMMAND = 'incidents note';

/** The threads below the messages of incidents: what people write there becomes notes. */
export class Threads {
  readonly #deps: ChatDeps;
  readonly #refusals: Sparse;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
    this.#refusals = new Sparse(deps.clock);
  }

  /** Those that are read, newest incident first. */
  list(platform: Platform): ChatThread[] {
    const { incidents, clock } = this.#deps;
    const since = clock.now() - AFTERWARDS;
    return incidents
      .list()
      .filter(({ resolved_at }) => resolved_at === null || resolved_at > since)
      .slice(0, THREADS)
      .flatMap((incident) => this.#thread(platform, incident) ?? []);
  }

  /** Notes it, if who wrote it may. Never rejects for what somebody wrote: the refusal is an answer, after its record. */
  async heard(platform: Platform, heard: ChatHeard): Promise<ChatNoted> {
    const { config, identify, door, ledger } = this.#deps;
    const { from, thread, text } = ChatHeard.parse(heard);
    let caller: Caller;
    try {
      caller = callerOf(config.current().config.chat, platform, from, identify);
    } catch (error) {
      return this.#refused({ person: 'nobody', via: platform, account: from.account }, error);
    }
    const found = this.#deps.incidents
      .list()
      .find((incident) => this.#thread(platform, incident)?.at.message === thread);
    if (found === undefined) return this.#refused(caller, fail('INCIDENT_NOT_FOUND', { id: thread }));
    const before = this.#thread(platform, found)?.after ?? '';
    if (!isNewer(from.interaction, before)) {
      await ledger.settled();
      return { noted: true };
    }
    const reply = await door.admit(
      { ...caller, interaction: noteOf(platform, thread, from.interaction) },
      { command: COMMAND, args: { incident: found.id, text }, interactive: true },
    );
    return reply.ok ? { noted: true } : { noted: false, why: cut(reply.title, 300) };
  }

  #thread(platform: Platform, { id }: IncidentView): ChatThread | undefined {
    const { bots, opened } = this.#deps.state.get(chatProjection);
    const seq = own(opened.by, `incident:${id}`);
    const bot = bots[platform];
    const at = seq === undefined || bot === undefined ? undefined : own(bot.sent.by, String(seq * PARTS));
    return at === undefined || bot === undefined
      ? undefined
      : { at, after: own(bot.heard.by, at.message) ?? at.message };
  }

  /** People talk in a thread: who may not write notes there leaves one record a minute, not one a message. */
  async #refused(actor: Asker, error: unknown): Promise<ChatNoted> {
    const whose = `${actor.via}/${actor.account}`;
    const answer = await refusal(this.#deps, actor, COMMAND, error, (write) =>
      this.#refusals.record(whose, write),
    );
    return { noted: false, why: cut(answer.reply.title, 300) };
  }
}
