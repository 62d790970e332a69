import {
  ApplicationCommandType,
  RESTJSONErrorCodes as Code,
  type APIApplicationCommand,
} from 'discord-api-types/v10';
import { commandProblems } from '../command-limits.ts';
import { ApiError, missingAccess, unknownApplication, unknownCommand } from '../errors.ts';
import type { Request, Route } from '../rest.ts';

type Body = Record<string, unknown>;
const MAX = {
  [ApplicationCommandType.ChatInput]: 100,
  [ApplicationCommandType.User]: 15,
  [ApplicationCommandType.Message]: 15,
};
const CREATES_A_DAY = 200;

function scopeOf({ app, params }: Request): string {
  if (params['app'] !== app.id) throw unknownApplication();
  const guild = params['guild'];
  if (guild !== undefined && !app.guilds.has(guild)) throw missingAccess();
  return guild ?? 'global';
}

function stored(request: Request): APIApplicationCommand[] {
  return request.app.commands.get(scopeOf(request)) ?? [];
}

function one(request: Request): APIApplicationCommand {
  const command = stored(request).find(({ id }) => id === request.params['command']);
  if (command === undefined) throw unknownCommand();
  return command;
}

/** Same name and kind keep their id; the version moves only when something changed. */
function put(request: Request, bodies: Body[], merge: boolean): APIApplicationCommand[] {
  const { app, world } = request;
  const scope = scopeOf(request);
  const before = app.commands.get(scope) ?? [];
  const next = bodies.map((body): APIApplicationCommand => {
    const type = (body['type'] ?? ApplicationCommandType.ChatInput) as ApplicationCommandType;
    const old = before.find((command) => command.name === body['name'] && command.type === type);
    const shaped = normalise(body, type, scope);
    const same =
      old !== undefined &&
      JSON.stringify({ ...old, id: '', version: '' }) ===
        JSON.stringify({ id: '', application_id: app.id, version: '', ...shaped });
    if (old === undefined) spend(request, scope);
    return {
      id: old?.id ?? world.id(),
      application_id: app.id,
      version: same ? old.version : world.id(),
      ...shaped,
    } as unknown as APIApplicationCommand;
  });
  const kept = merge
    ? before.filter(
        ({ name, type }) => !next.some((command) => command.name === name && command.type === type),
      )
    : [];
  const all = [...kept, ...next];
  for (const [type, max] of Object.entries(MAX))
    if (all.filter((command) => String(command.type) === type).length > max)
      request.judge.refuse(
        request.call,
        bodies,
        new ApiError(
          400,
          Code.MaximumNumberOfApplicationCommandsReached,
          `Maximum number of application commands reached (${max}).`,
        ),
      );
  app.commands.set(scope, all);
  world.changes.happened();
  return next;
}

function spend({ app, world, judge, call, body }: Request, scope: string): void {
  const key = `${scope} ${Math.floor(world.clock.now() / 86_400_000)}`;
  const used = app.creates.get(key) ?? 0;
  if (used >= CREATES_A_DAY)
    judge.refuse(
      call,
      body,
      new ApiError(
        400,
        Code.MaximumDailyApplicationCommandCreatesReached,
        'Max number of daily application command creates has been reached (200)',
      ),
    );
  app.creates.set(key, used + 1);
}

/** Bodies do not come back as they were sent: defaults are filled in, and what is false or empty is left out of options. */
function normalise(body: Body, type: ApplicationCommandType, scope: string): Body {
  return {
    default_member_permissions: body['default_member_permissions'] ?? null,
    type,
    name: body['name'],
    name_localizations: body['name_localizations'] ?? null,
    description: body['description'] ?? '',
    description_localizations: body['description_localizations'] ?? null,
    ...(scope === 'global'
      ? {
          dm_permission: body['dm_permission'] ?? true,
          contexts: body['contexts'] ?? null,
          integration_types: body['integration_types'] ?? [0],
        }
      : { guild_id: scope }),
    ...(((body['options'] ?? []) as Body[]).length > 0
      ? { options: ((body['options'] ?? []) as Body[]).map(option) }
      : {}),
    nsfw: body['nsfw'] ?? false,
  };
}

function option(body: Body): Body {
  const { type, name, description, required, options, choices, autocomplete, ...rest } = body;
  return {
    type,
    name,
    description,
    ...(required === true ? { required } : {}),
    ...(autocomplete === true ? { autocomplete } : {}),
    ...(((choices ?? []) as Body[]).length > 0 ? { choices } : {}),
    ...(((options ?? []) as Body[]).length > 0 ? { options: (options as Body[]).map(option) } : {}),
    ...rest,
  };
}

const under = (path: string): Route[] => [
  { method: 'GET', path, run: stored },
  {
    method: 'PUT',
    path,
    run: (request) => {
      const bodies = request.body as unknown as Body[];
      request.judge.check(
        request.call,
        'Commands',
        bodies,
        Array.isArray(bodies) ? commandProblems(bodies) : [],
      );
      return put(request, bodies, false);
    },
  },
  {
    method: 'POST',
    path,
    run: (request) => {
      const fresh = !stored(request).some(({ name }) => name === request.body['name']);
      request.judge.check(request.call, 'Command', request.body, unnested(commandProblems([request.body])));
      return { status: fresh ? 201 : 200, body: put(request, [request.body], true)[0] };
    },
  },
  { method: 'GET', path: `${path}/:command`, run: one },
  {
    method: 'PATCH',
    path: `${path}/:command`,
    run: (request) => {
      const command = one(request);
      const body = { ...(command as unknown as Body), ...request.body };
      request.judge.check(request.call, 'CommandEdit', request.body, unnested(commandProblems([body])));
      return put(request, [body], true)[0];
    },
  },
  {
    method: 'DELETE',
    path: `${path}/:command`,
    run: (request) => {
      const { id } = one(request);
      const left = stored(request).filter((command) => command.id !== id);
      request.app.commands.set(scopeOf(request), left);
      return undefined;
    },
  },
];

/** Problems of a single command carry no index. */
const unnested = (problems: ReturnType<typeof commandProblems>): ReturnType<typeof commandProblems> =>
  problems.map(({ path, ...rest }) => ({ path: path.slice(1), ...rest }));

export const commandRoutes: readonly Route[] = [
  ...under('/applications/:app/commands'),
  ...under('/applications/:app/guilds/:guild/commands'),
];
