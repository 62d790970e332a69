import type { IncomingMessage } from 'node:http';
import { tooSlow, type Room } from './bodies.ts';
import type { Context } from './context.ts';
import { namingHeader } from './guard.ts';
import type { SafeResponse } from './headers.ts';

const PREFIX = '/webhooks/';
/** Headers of requests that the route is to judge: what a browser adds, and bodies that are not as they are. */
const UNUSUAL = ['origin', 'sec-fetch-site', 'content-encoding', 'transfer-encoding'] as const;

/** Requests whose body is read, and what became of them. */
const refused = new WeakMap<IncomingMessage, Error>();

/** Why a delivery was refused after its body was read. Its route throws it, which then answers and records it as any refusal. */
export const refusalOf = (request: IncomingMessage): Error | undefined => refused.get(request);

/** Which source a path under `/webhooks/` means. */
export const sourceOf = (url: string): string => url.slice(PREFIX.length).split('?')[0] ?? '';

/** Undefined when it is not there, and when it is there more than once: of two, one might be signed and the other one read. */
export function onlyHeader({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const key = rawHeaders[at] ?? '';
    if (key.length !== name.length || (key !== name && key.toLowerCase() !== name)) continue;
    if (value !== undefined) return undefined;
    value = rawHeaders[at + 1];
  }
  return value;
}

/**
 * The short way of a delivery with nothing unusual about it, past fastify's router, hooks, body parser and reply.
 * It decides nothing against a request: whatever is not plainly right is left to the route, which says why.
 *
 * @returns whether it took the request. `toRoute` gets one that was refused.
 */
export function takeDelivery(
  context: Context,
  request: IncomingMessage,
  response: SafeResponse,
  toRoute: () => void,
): boolean {
  const { method, url = '', headers } = request;
  if (method !== 'POST' || !url.startsWith(PREFIX)) return false;
  if (UNUSUAL.some((name) => headers[name] !== undefined) || namingHeader(headers) !== undefined)
    return false;
  // A query is in no source's name.
  const source = url.slice(PREFIX.length);
  const limits = context.webhooks.limits(source);
  if (limits === undefined || limits instanceof Promise) return false;
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (!Number.isSafeInteger(length) || length < 1 || length > limits.maxBody) return false;
  const { webhooks } = context;
  let chunks: Buffer[] | undefined = [];
  const refuse = (error: unknown): void => {
    chunks = undefined;
    refused.set(request, error instanceof Error ? error : new Error(String(error)));
    toRoute();
  };
  let room: Room;
  try {
    room = context.bodies.take(length, request, () => refuse(tooSlow()));
  } catch {
    return false;
  }
  response.once('close', room.release);
  // Who leaves with the body half sent has tried nothing.
  request.on('error', () => undefined);
  const read = (): void => {
    request.on('data', (chunk: Buffer) => chunks?.push(chunk));
    request.on('end', () => {
      if (chunks === undefined) return;
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      webhooks
        .receive(source, { body, header: (name) => onlyHeader(request, name) })
        .then((taken) => response.sendJson(200, JSON.stringify(taken)), refuse);
    });
  };
  if (room.wait === undefined) read();
  else
    room.wait.then(read, (error: unknown) => {
      if (!response.destroyed) refuse(error);
    });
  return true;
}
