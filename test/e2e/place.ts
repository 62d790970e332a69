import { onTestFinished } from 'vitest';
import { Place } from '../helpers/daemon.ts';

/** One project, two environments, nothing by itself; further projects can be put behind it. */
export const ESTATE = `version: 1
estate: { name: test }
projects:
  shop:
    path: .
    environments: { dev: {}, prod: {} }
`;

/** A deploy runbook whose effect is a line in trace.txt. */
export const EFFECT = `---
runbook: effect
title: Leave a line
action: deploy
timeout: 1m
---
## Work
\`\`\`sh { name=work }
echo effect >> trace.txt
\`\`\`
`;

/**
 * A runbook that begins, starts a second process in a session of its own, and waits for the file `go`. Both processes
 * write their ids to pids.txt. `first`: what its script does before.
 */
export const SLOW = (name: string, idempotent: boolean, first = ''): string => `---
runbook: ${name}
title: Wait to be told
action: run
idempotent: ${idempotent}
timeout: 5m
---
## Work
\`\`\`sh { name=work }
${first}echo begun >> trace.txt
echo "$REEVE_SCRATCH" > scratch.txt
setsid sh -c 'echo $$ >> pids.txt; while [ -e pids.txt ]; do sleep 0.1; done' &
echo $$ >> pids.txt
while [ ! -e go ]; do sleep 0.05; done
echo ended >> trace.txt
\`\`\`
`;

/** A home and an estate for one test. */
export async function makePlace(
  runbooks: Record<string, string>,
  estate = ESTATE,
  home?: string,
): Promise<Place> {
  const place = await Place.make({ estate, runbooks, ...(home === undefined ? {} : { home }) });
  onTestFinished(() => place.close());
  return place;
}
