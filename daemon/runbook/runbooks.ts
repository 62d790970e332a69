import { fail } from '../../contracts/errors.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import { digestOf } from '../digest.ts';
import type { Config } from '../ports/config.ts';
import type { Fs } from '../ports/fs.ts';
import type { LintProblem, PlanRequest, Runbooks } from '../ports/runbooks.ts';
import { suggest } from '../suggest.ts';
import { oneLine } from '../text.ts';
import { readRunbookFile, runbookFiles, sourceName, type Folder } from './folder.ts';
import { yamlLibrary } from './front.ts';
import { loadRunbook, type Loaded } from './load.ts';
import { MAX_CALLS, planRunbook, Whole } from './plan.ts';
import { invalid } from './problems.ts';

/** Parsed runbooks kept; the oldest goes first. */
const MAX_CACHED = 200;

export interface RunbooksOptions {
  config: Config;
  fs: Fs;
}

/** The folder of runbooks of the estate in force. A file is read at every call; only parsing is remembered, by digest. */
export function createRunbooks(options: RunbooksOptions): Runbooks {
  return new RunbookFolder(options);
}

class RunbookFolder implements Runbooks {
  readonly #config: Config;
  readonly #fs: Fs;
  readonly #parsed = new Map<string, Loaded>();

  constructor({ config, fs }: RunbooksOptions) {
    this.#config = config;
    this.#fs = fs;
  }

  async list(): Promise<Runbook[]> {
    const { ids } = await runbookFiles(this.#fs, this.#folder());
    const loaded = await Promise.all(ids.map((id) => this.#tryLoad(id)));
    return loaded.flatMap(({ runbook }) => (runbook === undefined ? [] : [runbook]));
  }

  async get(id: string, pinned?: string): Promise<Runbook> {
    const loaded = await this.#load(id);
    if (loaded === undefined) throw await this.#notFound(id);
    const { runbook, problems } = loaded;
    if (runbook === undefined) throw invalid(sourceName(this.#folder(), id), problems);
    if (pinned !== undefined && runbook.digest !== pinned) throw fail('RUNBOOK_CHANGED', { id });
    return runbook;
  }

  async lint(id?: string): Promise<LintProblem[]> {
    const folder = this.#folder();
    const { ids, odd } = await runbookFiles(this.#fs, folder);
    if (id !== undefined && !ids.includes(id)) {
      // Says what is wrong with the name itself.
      await this.get(id);
    }
    const found = await Promise.all(
      (id === undefined ? ids : [id]).map(async (one) => {
        const { runbook, problems } = await this.#tryLoad(one);
        return runbook === undefined ? problems : [...problems, ...this.#lintLinks(runbook, ids)];
      }),
    );
    const names = id === undefined ? odd : [];
    return [
      ...found.flat(),
      ...names.map((name): LintProblem => ({
        at: `${folder.path}/${oneLine(name, 200)}:1`,
        message: 'no runbook: its name is not lower-case letters, digits, - and _',
        severity: 'warning',
      })),
    ];
  }

  plan(request: PlanRequest): Promise<Plan> {
    return this.#plan(request, [], new Whole());
  }

  async #plan(request: PlanRequest, callers: readonly string[], whole: Whole): Promise<Plan> {
    const runbook = await this.get(request.runbook, request.runbook_digest);
    const chain = [...callers, request.runbook];
    if (callers.includes(request.runbook) || chain.length > MAX_CALLS) {
      const why = callers.includes(request.runbook)
        ? `it calls itself: ${chain.join(' → ')}`
        : `more than ${MAX_CALLS} runbooks call one another: ${chain.join(' → ')}`;
      throw fail('RUNBOOK_INVALID', { file: runbook.source, count: 1, why }, { at: `${runbook.source}:1` });
    }
    return planRunbook(runbook, request, {
      config: this.#config,
      yaml: await yamlLibrary(),
      call: (called) => this.#plan(called, chain, whole),
      whole,
    });
  }

  #folder(): Folder {
    const { root, config } = this.#config.current();
    return { root, path: config.runbooks.path };
  }

  async #load(id: string): Promise<Loaded | undefined> {
    const folder = this.#folder();
    const bytes = await readRunbookFile(this.#fs, folder, id);
    if (bytes === undefined) return undefined;
    const source = sourceName(folder, id);
    const key = `${source}\n${digestOf(bytes)}`;
    const known = this.#parsed.get(key);
    if (known !== undefined) return known;
    const loaded = await loadRunbook(bytes, source, id);
    const oldest = this.#parsed.keys().next();
    if (this.#parsed.size >= MAX_CACHED && oldest.done !== true) this.#parsed.delete(oldest.value);
    this.#parsed.set(key, loaded);
    return loaded;
  }

  /** A file that is refused is a problem of the folder, and keeps no other from being listed. */
  async #tryLoad(id: string): Promise<Loaded> {
    const at = `${sourceName(this.#folder(), id)}:1`;
    try {
      return (await this.#load(id)) ?? { problems: [] };
    } catch (error) {
      const message = error instanceof Error ? oneLine(error.message, 500) : String(error);
      return { problems: [{ at, message, severity: 'error' }] };
    }
  }

  #lintLinks(runbook: Runbook, ids: readonly string[]): LintProblem[] {
    const missing = (name: string, line: number): LintProblem[] => {
      if (ids.includes(name) || name.includes('${')) return [];
      const near = suggest(name, ids);
      const message = `there is no runbook ${name}${near === undefined ? '' : `; did you mean ${near}?`}`;
      return [{ at: `${runbook.source}:${line}`, message, severity: 'error' }];
    };
    const calls = runbook.steps.filter(({ kind }) => kind === 'call');
    return [
      ...runbook.front.needs.flatMap((need) => missing(need.runbook, 1)),
      ...calls.flatMap(({ attributes, line }) => missing(attributes['runbook'] ?? '', line)),
      ...this.#lintChannels(runbook),
    ];
  }

  /** A message to a channel that is not there still reaches the log; `ops` is everybody's default. */
  #lintChannels(runbook: Runbook): LintProblem[] {
    const channels = Object.keys(this.#config.current().config.alerts.channels);
    return runbook.steps.flatMap(({ kind, attributes, line }) => {
      const name = attributes['channel'] ?? 'ops';
      if (kind !== 'notify' || name === 'ops' || name.includes('${') || channels.includes(name)) return [];
      const near = suggest(name, channels);
      const help = near === undefined ? '' : `; did you mean ${near}?`;
      const message = `reeve.yaml has no channel ${name}, so this only goes to the log${help}`;
      return [{ at: `${runbook.source}:${line}`, message, severity: 'warning' as const }];
    });
  }

  async #notFound(id: string): Promise<Error> {
    const { ids } = await runbookFiles(this.#fs, this.#folder());
    const near = suggest(id, ids);
    const suggestion =
      near === undefined ? 'See `reeve runbook list`.' : `Did you mean ${near}? See \`reeve runbook list\`.`;
    return fail('RUNBOOK_NOT_FOUND', { id, suggestion });
  }
}
