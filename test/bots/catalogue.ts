import type { ArgSpec, Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import { actions } from '../../daemon/actions/index.ts';
import type { Action } from '../../daemon/ports/actions.ts';
import { commandSpec, makeCatalogue } from '../../daemon/admission/catalogue.ts';

/** What the daemon really publishes for chat, with further commands behind it. */
export const catalogueWith = (more: CommandSpec[] = []): Catalogue =>
  makeCatalogue(
    [
      ...actions.filter((action: Action) => action.inChat !== false).map((action) => commandSpec(action)),
      ...more,
    ],
    '0.0.0-test',
  );

/** A runbook with `command: true`, as the catalogue has it. */
export const runbookSpec = (name: string, args: ArgSpec[] = []): CommandSpec => ({
  name,
  summary: `about ${name}`,
  group: 'Your runbooks',
  verb: 'run',
  kind: 'privileged',
  destructive: true,
  args,
  examples: [name],
  aliases: [],
  runbook: name,
});

export const argSpec = (name: string, part: Partial<ArgSpec> = {}): ArgSpec => ({
  name,
  flag: name.replaceAll('_', '-'),
  type: 'string',
  description: `the ${name}`,
  required: false,
  ...part,
});
