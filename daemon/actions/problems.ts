import type { Json } from '../../contracts/json.ts';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import type { Draft } from '../ports/actions.ts';
import type { LintProblem } from '../ports/runbooks.ts';

/** Mistakes and warnings with file and line, as every check answers. */
export function problemDraft(problems: readonly LintProblem[], none: string): Draft {
  const errors = problems.filter((p) => p.severity === 'error').length;
  return {
    title:
      problems.length === 0
        ? 'No mistakes'
        : `${plural(errors, 'mistake')}, ${plural(problems.length - errors, 'warning')}`,
    ok: errors === 0,
    tone: errors > 0 ? 'bad' : problems.length > 0 ? 'warn' : 'good',
    blocks: [
      {
        type: 'table',
        columns: [{ label: 'Where' }, { label: 'What' }],
        rows: problems.map((p): Cell[] => [
          p.at,
          { tone: p.severity === 'error' ? 'bad' : 'warn', text: p.message },
        ]),
        empty: none,
      },
    ],
    data: problems as unknown as Json,
  };
}
