import { createHmac, createPrivateKey, sign } from 'node:crypto';
import http from 'node:http';
import { onTestFinished } from 'vitest';
import type { ChatDelivery, Platform } from '../../contracts/chat.ts';
import type { Json } from '../../contracts/json.ts';
import { startDiscord } from '../standins/discord/index.ts';
import { ESTATE, openChatRig, type ChatRig } from './rig.ts';

export const PLATFORMS = ['discord', 'slack'] as const;
export const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
export const OLD_SECRET = 'an older one that is still in use';

export interface Request {
  headers: Record<string, string | string[]>;
  body: string | Buffer;
}

export interface EndpointRig extends ChatRig {
  /** A request as the platform signs it. `at`: the timestamp as it stands in the header. */
  signed(
    platform: Platform,
    payload: object | string,
    more?: { at?: string; secret?: string; type?: string },
  ): Request;
  send(
    platform: Platform,
    request: Request,
    host?: string,
  ): Promise<{ status: number; code: string; text: string }>;
  /** Codes of the refusals in the ledger. */
  codes(): Promise<string[]>;
  /** Starts taking what is delivered to this platform, with this answer. */
  take(platform: Platform, answer?: Json): ChatDelivery['payload'][];
  estate: string;
}

/** A real daemon that both platforms call; what arrives at the bots is listed. The key is made by Discord's stand-in. */
export async function endpointRig(): Promise<EndpointRig> {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  const app = discord.addApp();
  const key = createPrivateKey({ key: app.privateKey, format: 'der', type: 'pkcs8' });
  const estate = ESTATE.replace(
    '  discord:\n    guild',
    `  url: https://reeve.example.com\n  discord:\n    transport: http\n    public_key: "${app.publicKey}"\n    guild`,
  ).replace(
    '  slack:\n    team',
    '  slack:\n    transport: http\n    previous_signing_secret: older\n    team',
  );
  const rig = await openChatRig();
  for (const [name, value] of [
    ['slack_signing_secret', SECRET],
    ['older', OLD_SECRET],
  ])
    await rig.as('root', { command: 'secret set', args: { name: name ?? '', value: value ?? '' } });
  await rig.write('reeve.yaml', estate);
  const reloaded = await rig.as('root', { command: 'config reload' });
  if (!reloaded.ok) throw new Error(JSON.stringify(reloaded.error));
  return Object.assign(rig, {
    estate,
    signed(platform, payload, { at = String(Math.floor(Date.now() / 1000)), secret = SECRET, type } = {}) {
      const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
      const proof: Record<string, string> =
        platform === 'discord'
          ? {
              'x-signature-timestamp': at,
              'x-signature-ed25519': sign(null, Buffer.from(at + body), key).toString('hex'),
            }
          : {
              'x-slack-request-timestamp': at,
              'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')}`,
            };
      return { body, headers: { 'content-type': type ?? 'application/json', ...proof } };
    },
    send: (platform, { headers, body }, host) =>
      new Promise((resolve, reject) => {
        const request = http.request(
          `${rig.app.url}/v1/interactions/${platform}`,
          { method: 'POST', agent: false, headers: { ...headers, ...(host === undefined ? {} : { host }) } },
          (response) => {
            let text = '';
            response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
            response.on('end', () =>
              resolve({
                status: response.statusCode ?? 0,
                text,
                code: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? '',
              }),
            );
          },
        );
        request.on('error', reject);
        request.end(body);
      }),
    codes: async () => (await rig.records('admission.refused')).map(({ body }) => body.error.code),
    take(platform, answer = null) {
      const taken: ChatDelivery['payload'][] = [];
      const daemon = rig.bot(platform);
      const stopping = new AbortController();
      onTestFinished(() => stopping.abort());
      const loop = async (): Promise<void> => {
        while (!stopping.signal.aborted)
          for (const { id, payload } of await daemon.deliveries(5000, stopping.signal)) {
            taken.push(payload);
            await daemon.delivered({ id, answer });
          }
      };
      loop().catch(() => undefined);
      return taken;
    },
  } satisfies Omit<EndpointRig, keyof ChatRig>);
}
