import { createHmac } from 'node:crypto';
import http from 'node:http';
import { ESTATE, openWorld, type World } from '../helpers/app.ts';

export const SECRETS = {
  github_webhook: 'a secret that GitHub and we know',
  github_before: 'the one that is being replaced',
  linear_webhook: 'lin_wh_8yyyzzz85a5abcdefabcdef',
  billing_webhook: `whsec_${Buffer.alloc(32, 5).toString('base64')}`,
} as const;

export const INTEGRATIONS = `integrations:
  github: { webhook: { previous_secret: github_before } }
  linear: {}
  generic: { billing: { secret: billing_webhook } }
`;

export interface Answer {
  status: number;
  /** Error code, or ''. */
  code: string;
  text: string;
  headers: http.IncomingHttpHeaders;
}
export type Headers = Record<string, string | string[]>;

export interface Hooks extends World {
  send(path: string, headers: Headers, body: string | Buffer): Promise<Answer>;
  github(
    body: string | Buffer | object,
    more?: { id?: string; event?: string; secret?: string; headers?: Headers },
  ): Promise<Answer>;
  linear(body: object, more?: { id?: string; event?: string; headers?: Headers }): Promise<Answer>;
  billing(
    body: object | string,
    more?: { id?: string; seconds?: string; headers?: Headers },
  ): Promise<Answer>;
  /** Codes of the refusals in the ledger. */
  codes(): Promise<string[]>;
}

let counter = 0;
const nextId = (): string => `00000000-0000-4000-8000-${String(++counter).padStart(12, '0')}`;
const textOf = (body: string | Buffer | object): string | Buffer =>
  typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
export const hexOf = (secret: string, body: string | Buffer): string =>
  createHmac('sha256', secret).update(body).digest('hex');

/** A real daemon that GitHub, Linear and a billing system may call. The signatures are made here, not by the code under test. */
export async function openHooks(more = ''): Promise<Hooks> {
  const world = await openWorld();
  for (const [name, value] of Object.entries(SECRETS))
    await world.as('root', { command: 'secret set', args: { name, value } });
  await world.write('reeve.yaml', ESTATE + INTEGRATIONS + more);
  const reloaded = await world.as('root', { command: 'config reload' });
  if (!reloaded.ok) throw new Error(JSON.stringify(reloaded.error));
  const send: Hooks['send'] = (path, headers, body) =>
    new Promise((resolve, reject) => {
      const request = http.request(
        `${world.app.url}${path}`,
        {
          method: 'POST',
          agent: false,
          headers: {
            'content-length': String(Buffer.byteLength(body)),
            host: 'reeve.example.com',
            ...headers,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              text,
              code: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? '',
              headers: response.headers,
            }),
          );
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  return Object.assign(world, {
    send,
    github(body, { id = nextId(), event = 'push', secret = SECRETS.github_webhook, headers } = {}) {
      const text = textOf(body);
      return send(
        '/webhooks/github',
        {
          'content-type': 'application/json',
          'x-github-delivery': id,
          'x-github-event': event,
          'x-hub-signature-256': `sha256=${hexOf(secret, text)}`,
          ...headers,
        },
        text,
      );
    },
    linear(body, { id = nextId(), event = 'Issue', headers } = {}) {
      const text = textOf(body);
      return send(
        '/webhooks/linear',
        {
          'content-type': 'application/json; charset=utf-8',
          'linear-delivery': id,
          'linear-event': event,
          'linear-signature': hexOf(SECRETS.linear_webhook, text),
          ...headers,
        },
        text,
      );
    },
    billing(body, { id = nextId(), seconds = String(Math.floor(Date.now() / 1000)), headers } = {}) {
      const text = textOf(body);
      const signature = createHmac('sha256', Buffer.alloc(32, 5))
        .update(`${id}.${seconds}.`)
        .update(text)
        .digest('base64');
      return send(
        '/webhooks/generic/billing',
        {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': seconds,
          'webhook-signature': `v1,${signature}`,
          ...headers,
        },
        text,
      );
    },
    codes: async () => (await world.records('admission.refused')).map(({ body }) => body.error.code),
  } satisfies Omit<Hooks, keyof World>);
}
