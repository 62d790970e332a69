import type { LinearSpec } from '../../../contracts/estate/integrations.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import { uuidOf } from './ids.ts';
import { captureBody, titleOf } from './words.ts';

/** What somebody said. */
export interface Captured {
  text: string;
  context: string;
  by: string;
  via: string;
}

/** It, as a draft to be made; each time another one. */
export function captured(
  what: Captured,
  { labels }: LinearSpec,
  { clean, hex }: { clean(text: string): string; hex(digits: number): string },
): Pick<RecordBody<'linear.queued'>, 'issue' | 'op' | 'work'> {
  const issue = uuidOf('capture', hex(32));
  const [first = ''] = what.text.trim().split('\n');
  return {
    issue,
    op: uuidOf('op', issue),
    work: {
      kind: 'issue',
      purpose: 'capture',
      title: titleOf(clean(first)),
      body: clean(captureBody(what)),
      priority: 0,
      labels: labels.capture,
    },
  };
}
