import type { RouteModule } from '../context.ts';
import { artifacts } from './artifacts.ts';
import { chat } from './chat.ts';
import { catalogue } from './catalogue.ts';
import { cosign } from './cosign.ts';
import { commands } from './commands.ts';
import { events } from './events.ts';
import { heartbeat } from './heartbeat.ts';
import { health } from './health.ts';
import { interactions } from './interactions.ts';
import { jobs } from './jobs.ts';
import { ledger } from './ledger.ts';
import { metrics } from './metrics.ts';
import { openapi } from './openapi.ts';
import { page } from './page.ts';
import { status } from './status.ts';
import { webhooks } from './webhooks.ts';

/** Every route of the API: one file and one line each. */
export const routes = [
  artifacts,
  catalogue,
  chat,
  commands,
  cosign,
  events,
  heartbeat,
  health,
  interactions,
  jobs,
  ledger,
  metrics,
  openapi,
  page,
  status,
  webhooks,
] as const satisfies readonly RouteModule[];
