import type { EstateConfig } from '../../contracts/estate.ts';
import type { Runbook, RunbookStep } from '../../contracts/runbook.ts';

export interface Needed {
  program: string;
  /** What needs it. */
  by: string[];
  /** It is what a step or probe starts itself; otherwise a shell step only looks as if it did. */
  certain: boolean;
}

/** Programs of the backup drivers, without those of their own choice of `bin`. */
const DRIVERS: Record<string, (options: string) => readonly string[]> = {
  files: () => ['restic'],
  postgres: (options) =>
    /^\s*bin:/mu.test(options)
      ? []
      : /^\s*method:\s*base\b/mu.test(options)
        ? ['pg_basebackup']
        : ['pg_dump', 'pg_restore'],
};

/** Tools that shell steps of runbooks commonly start. */
const TOOLS = new Set(
  'ansible-playbook aws az curl docker gcloud git helm jq kubectl npm nomad pg_dump pg_restore podman psql restic rsync ssh systemctl terraform tofu'.split(
    ' ',
  ),
);

/** Every program that the estate and its runbooks name, sorted. */
export function programsOf(config: EstateConfig, runbooks: readonly Runbook[]): Needed[] {
  const all = new Map<string, Needed>();
  const need = (program: string, by: string, certain = true): void => {
    const known = all.get(program) ?? { program, by: [], certain };
    if (!known.by.includes(by)) known.by.push(by);
    known.certain ||= certain;
    all.set(program, known);
  };
  for (const { front, steps } of runbooks)
    for (const step of steps) {
      for (const program of driverPrograms(step)) need(program, front.runbook);
      if (step.kind === 'sh')
        for (const program of shellTools(step.text)) need(program, front.runbook, false);
    }
  for (const [name, probe] of Object.entries(config.probes)) {
    if (probe.kind === 'icmp') need('ping', `the probe ${name}`);
    if (probe.kind === 'command') need(firstWord(probe), `the probe ${name}`);
  }
  for (const [name, channel] of Object.entries(config.alerts.channels))
    if (channel.kind === 'command') need(firstWord(channel), `the channel ${name}`);
  all.delete('');
  return [...all.values()].toSorted((a, b) => (a.program < b.program ? -1 : 1));
}

function driverPrograms({ kind, attributes, text }: RunbookStep): readonly string[] {
  if (kind !== 'backup' && kind !== 'restore') return [];
  const driver = attributes['driver'] ?? '';
  const { bin, method } = attributes;
  const given = [bin === undefined ? '' : `bin: ${bin}`, method === undefined ? '' : `method: ${method}`];
  return Object.hasOwn(DRIVERS, driver) ? (DRIVERS[driver]?.([text, ...given].join('\n')) ?? []) : [];
}

/** Known tools where a command begins: at a line's start, or behind `|`, `&&`, `;`, `$(`. Comments are left out. */
function shellTools(script: string): string[] {
  const lines = script.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const words = lines
    .join('\n')
    .matchAll(/(?:^|[|;&(]|\b(?:then|do|else|sudo|exec|if|while|!))[ \t]*([a-z][a-z0-9_-]*)(?=[\s;|)]|$)/gmu);
  return [...words].flatMap(([, word = '']) => (TOOLS.has(word) ? [word] : []));
}

function firstWord(spec: Record<string, unknown>): string {
  const { argv } = spec;
  return Array.isArray(argv) && typeof argv[0] === 'string' ? argv[0] : '';
}
