import { Readable } from 'node:stream';
import { z } from 'zod';
import { DigestParams } from '../../../contracts/api.ts';
import { ErrorResponse, fail } from '../../../contracts/errors.ts';
import { artifactOwners, type ArtifactOwner } from '../artifact-owners.ts';
import { callerOf, everywhere } from '../caller.ts';
import type { Context, RouteModule } from '../context.ts';
import type { Caller } from '../../ports/door.ts';

/** Types a browser may show; everything else is bytes to save, so that no artifact becomes a page of this origin. */
const SHOWN = new Set([
  'text/plain',
  'text/markdown',
  'text/csv',
  'application/json',
  'application/x-ndjson',
]);

export const artifacts: RouteModule = {
  id: 'artifacts',
  register(app, context) {
    app.get(
      '/v1/artifacts/:digest',
      {
        config: { verb: 'read' },
        schema: {
          summary: 'The bytes of an artifact, checked against its digest',
          tags: ['jobs'],
          params: DigestParams,
          response: { 200: z.instanceof(Readable).describe('The bytes'), default: ErrorResponse },
        },
      },
      async (request, reply) => {
        const { digest } = request.params;
        const owner = await readableOwner(context, callerOf(request), digest);
        const chunks = context.artifacts.stream(digest)[Symbol.asyncIterator]();
        // The first chunk now, so that a missing artifact is an answer and not a broken connection.
        const first = await chunks.next();
        const type = owner.mediaType?.split(';')[0]?.trim().toLowerCase() ?? '';
        reply.header('content-type', SHOWN.has(type) ? `${type}; charset=utf-8` : 'application/octet-stream');
        reply.header(
          'content-disposition',
          `attachment; filename="${fileName(owner.name ?? digest.slice(7, 19))}"`,
        );
        reply.header('etag', `"${digest}"`);
        return reply.send(Readable.from(rest(first, chunks), { objectMode: false }));
      },
    );
  },
};

/**
 * Throws `ARTIFACT_NOT_FOUND`, `FORBIDDEN`, `ARTIFACT_GATED`. The same bytes may come from several places: any one will do.
 */
async function readableOwner(context: Context, caller: Caller, digest: string): Promise<ArtifactOwner> {
  const owners = await artifactOwners(digest, context.jobs, context.ledger);
  const [first] = owners;
  // Also when the bytes are there: what no record mentions was never handed out.
  if (first === undefined) throw fail('ARTIFACT_NOT_FOUND', { digest });
  const mine = owners.find(({ where, verb }) =>
    where === undefined
      ? everywhere(context, caller, verb)
      : context.access(caller, 'read', where.project, where.env),
  );
  if (mine === undefined) {
    const { where, verb } = first;
    const place = where === undefined ? 'every project' : `${where.project}/${where.env}`;
    throw fail('FORBIDDEN', { person: caller.person, verb, where: place });
  }
  await context.jobs.requireReadable(digest);
  return mine;
}

async function* rest(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (let got = first; got.done !== true; got = await chunks.next()) yield got.value;
}

const fileName = (name: string): string => name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100);
