import { JobId, RequestId } from '../../contracts/ids.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Reply } from '../../contracts/reply.ts';
import { own } from '../own.ts';
import type { StateView } from '../ports/state.ts';
import { cut } from '../text.ts';
import { chatProjection } from './projection.ts';

/** The record of what came of an interaction. */
export function answered(
  interaction: string,
  person: string,
  { ok, title, job, data }: Reply,
  clean: (text: string) => string,
): RecordBody<'chat.answered'> {
  const request = RequestId.safeParse(requestIn(data, person));
  const started = JobId.safeParse(job?.id);
  return {
    interaction,
    ok,
    title: cut(clean(title), 300),
    ...(started.success ? { job: started.data } : {}),
    ...(request.success ? { request: request.data } : {}),
  };
}

/** A request that this person opened stands in the reply's data; one that was decided is somebody else's. */
function requestIn(data: Reply['data'], person: string): unknown {
  if (typeof data !== 'object' || data === null || !('request' in data)) return undefined;
  const { request } = data;
  if (typeof request !== 'object' || request === null || !('id' in request) || !('by' in request))
    return undefined;
  return request.by === person ? request.id : undefined;
}

/** For people: what an interaction that comes again came to the first time. */
export function repeatedWhy(state: StateView, interaction: string): string {
  const before = own(state.get(chatProjection).asked.by, interaction)?.answered;
  return before === undefined ? 'not known; look before you ask again' : before.title;
}
