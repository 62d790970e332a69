import { activityLog } from './activity/index.ts';
import { github } from './github/index.ts';
import { linear } from './linear/index.ts';
import { schemas } from './schemas/index.ts';
import { todos } from './todos/index.ts';
import type { SyncJob } from './sync.ts';

/** Every sync job there is. A new one is a folder and a line here. */
export const syncJobs = [activityLog, todos, schemas, linear, github] as const satisfies readonly SyncJob[];
