import { announce } from './announce.ts';
import { approve } from './approve.ts';
import { artifact } from './artifact.ts';
import { assert } from './assert.ts';
import { backup } from './backup.ts';
import { call } from './call.ts';
import { head } from './head.ts';
import { http } from './http.ts';
import type { StepKind } from './kind.ts';
import { notify } from './notify.ts';
import { publish } from './publish.ts';
import { push } from './push.ts';
import { release } from './release.ts';
import { report } from './report.ts';
import { restore } from './restore.ts';
import { sh } from './sh.ts';
import { sync } from './sync.ts';
import { wait } from './wait.ts';

/** Every kind of step there is. A new one is a file in this folder and a line here. */
export const stepKinds = [
  sh,
  http,
  assert,
  wait,
  approve,
  notify,
  artifact,
  call,
  backup,
  restore,
  report,
  head,
  sync,
  release,
  push,
  publish,
  announce,
] as const satisfies readonly StepKind[];

/** Kinds by every word that names one. @throws when two kinds claim a word. */
export function kindTable(kinds: readonly StepKind[]): ReadonlyMap<string, StepKind> {
  const table = new Map<string, StepKind>();
  for (const kind of kinds) {
    for (const word of [kind.kind, ...kind.languages]) {
      const other = table.get(word);
      if (other !== undefined)
        throw new Error(`the step kinds ${other.kind} and ${kind.kind} both claim "${word}"`);
      table.set(word, kind);
    }
  }
  return table;
}

/** Checked when the daemon starts. */
export const kindByWord = kindTable(stepKinds);

/** The kind by its own name. */
export function kindNamed(name: string): StepKind | undefined {
  const kind = kindByWord.get(name);
  return kind?.kind === name ? kind : undefined;
}
