import { ReeveError } from '../../contracts/errors.ts';
import { runbookFor } from '../actions/wish.ts';
import type { GithubDeps } from '../integrations/github/deps.ts';
import type { ActionContext } from '../ports/actions.ts';

/** Inputs that take a commit, and those that say otherwise what is deployed. */
const COMMITS = ['commit', 'sha', 'ref'];
const OTHERS = ['tag', 'release', 'version'];

/** What a pull request deploys is its own commit, shown with the plan, unless the comment names another. */
export function bindCommit(context: Pick<ActionContext, 'config' | 'runbooks'>): GithubDeps['bind'] {
  return async (command, spec, { project, sha }) => {
    const { args } = command;
    const named = typeof args['runbook'] === 'string' ? args['runbook'] : undefined;
    let front;
    try {
      if (spec?.runbook !== undefined) ({ front } = await context.runbooks.get(spec.runbook));
      else if (command.command === 'deploy')
        ({ front } = await runbookFor(context, 'deploy', project, named));
    } catch (error) {
      // The door says it better.
      if (!(error instanceof ReeveError)) throw error;
    }
    if (front?.action !== 'deploy') return command;
    const { inputs } = front;
    const input = COMMITS.find((name) => Object.hasOwn(inputs, name));
    if (input === undefined) return command;
    const listed = Array.isArray(args['input']) ? args['input'] : [];
    const given = (name: string): boolean =>
      Object.hasOwn(args, name) ||
      listed.some((pair) => typeof pair === 'string' && pair.startsWith(`${name}=`));
    if ([...COMMITS, ...OTHERS].some(given)) return command;
    const filled = spec?.runbook === undefined ? { input: [...listed, `${input}=${sha}`] } : { [input]: sha };
    return { ...command, args: { ...args, ...filled } };
  };
}
