import { SlackError } from '../errors.ts';
import type { Method, Request } from '../web.ts';
import type { Manifest } from '../world.ts';

function judged({ args, judge, call }: Request): Manifest {
  judge.manifest(call, args['manifest']);
  return args['manifest'] as Manifest;
}

function mine({ args, app }: Request): void {
  if (args['app_id'] !== app.id) throw new SlackError('invalid_app_id');
}

/** apps.manifest.*, with an app configuration token. */
export const manifestMethods: readonly Method[] = [
  {
    name: 'apps.manifest.validate',
    scopes: [],
    config: true,
    run: (request) => {
      judged(request);
      return {};
    },
  },
  {
    name: 'apps.manifest.export',
    scopes: [],
    config: true,
    run: (request) => {
      mine(request);
      return { manifest: request.app.manifest ?? { display_information: { name: request.app.name } } };
    },
  },
  {
    name: 'apps.manifest.update',
    scopes: [],
    config: true,
    run: (request) => {
      mine(request);
      const { app } = request;
      app.manifest = judged(request);
      app.commands = new Set((app.manifest.features?.slash_commands ?? []).map(({ command }) => command));
      app.events = new Set(app.manifest.settings?.event_subscriptions?.bot_events ?? []);
      const wanted = app.manifest.oauth_config?.scopes?.bot ?? [];
      request.world.changes.happened();
      // New scopes count only after a person has installed the app again.
      return {
        app_id: app.id,
        permissions_updated:
          wanted.length !== app.scopes.size || !wanted.every((scope) => app.scopes.has(scope)),
      };
    },
  },
];
