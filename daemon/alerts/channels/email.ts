import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { Slug } from '../../../contracts/ids.ts';
import { addressProblem } from '../../address.ts';
import { sha256Hex } from '../../digest.ts';
import { channelKind, ChannelProblem, type Notice } from '../channel.ts';
import { htmlOf } from '../html.ts';
import { plainText } from '../words.ts';

const Address = z.email().max(254);

const schema = z.strictObject({
  host: z.string().min(1).max(253),
  /** Absent: 465 with tls: implicit, else 587. */
  port: z.int().min(1).max(65_535).optional(),
  /** `starttls`: refused unless the server upgrades. `none`: for a relay on this machine. */
  tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
  /** PEM file of an own certificate authority, below the estate. */
  ca: z.string().max(400).optional(),
  from: Address,
  /** Shown beside the address. */
  from_name: z.string().max(100).default('Reeve'),
  to: z.array(Address).min(1, 'at least one address').max(50),
  user: z.string().max(200).optional(),
  /** Name of the secret with the password. */
  password_secret: Slug.optional(),
});
type Options = z.infer<typeof schema>;

/** Sends one mail, as text and HTML, through an SMTP server. Mail readers thread an alert's end with its beginning. */
export const email = channelKind({
  kind: 'email',
  summary: 'Sends mail through an SMTP server.',
  schema,
  example: [
    'host: smtp.example.com',
    'tls: starttls # implicit (port 465), or none for a relay on this machine',
    'from: reeve@example.com',
    'to: [ops@example.com]',
    'user: reeve@example.com',
    'password_secret: smtp-password',
  ].join('\n'),
  secrets: ({ password_secret }) => (password_secret === undefined ? [] : [password_secret]),
  check: ({ user, password_secret, tls, ca }) => [
    ...((user === undefined) === (password_secret === undefined)
      ? []
      : ['user and password_secret belong together']),
    ...(tls === 'none' && user !== undefined ? ['a password is not sent without TLS: set tls'] : []),
    ...(ca !== undefined && (path.isAbsolute(ca) || ca.split(/[/\\]/).includes('..'))
      ? ['ca must be a file below the estate']
      : []),
  ],
  timeout: () => 30_000,
  open(options, { secrets, allowed, root, log, name }) {
    return {
      async send(notice, signal) {
        const port = options.port ?? (options.tls === 'implicit' ? 465 : 587);
        const host = await resolved(options.host, port, allowed());
        const pass =
          options.password_secret === undefined ? undefined : await secrets.get(options.password_secret);
        const ca = options.ca === undefined ? undefined : await readFile(path.join(root, options.ca));
        const { createTransport } = await import('nodemailer');
        const transport = createTransport({
          host,
          port,
          secure: options.tls === 'implicit',
          requireTLS: options.tls === 'starttls',
          ignoreTLS: options.tls === 'none',
          tls: {
            ...(isIP(options.host) === 0 ? { servername: options.host } : {}),
            ...(ca === undefined ? {} : { ca }),
          },
          ...(pass === undefined ? {} : { auth: { user: options.user, pass } }),
          connectionTimeout: 10_000,
          greetingTimeout: 10_000,
          socketTimeout: 20_000,
          // Nothing of a message may name a file or a URL to be put in.
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        const close = (): void => transport.close();
        signal.addEventListener('abort', close, { once: true });
        try {
          const { rejected } = await transport.sendMail(mailOf(notice, options));
          if (rejected.length > 0)
            log('warn', `${name}: the mail server refused some of the recipients`, {
              message: notice.id,
              rejected: rejected.map(String),
            });
        } catch (error) {
          throw problemOf(error);
        } finally {
          signal.removeEventListener('abort', close);
          transport.close();
        }
      },
    };
  },
});

/** The judged address to connect to. Naming the host is what allows a private one; metadata services are refused anyway. */
async function resolved(host: string, port: number, allowed: readonly string[]): Promise<string> {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  let found: { address: string }[] = [{ address: bare }];
  if (isIP(bare) === 0) {
    try {
      found = await lookup(bare, { all: true, order: 'verbatim' });
    } catch (cause) {
      throw new ChannelProblem(`${bare} cannot be resolved`, { cause });
    }
  }
  for (const { address } of found) {
    const why = addressProblem(address, bare, port, [...allowed, bare]);
    if (why !== undefined)
      throw new ChannelProblem(`no mail goes to ${address}: ${why}`, { permanent: true });
  }
  const first = found[0];
  if (first === undefined) throw new ChannelProblem(`${bare} has no address`);
  return first.address;
}

function mailOf(notice: Notice, { from, from_name, to }: Options) {
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const first = notice.alerts[0];
  // Everything about one opening of an alert hangs below one (never sent) message.
  const thread =
    first === undefined
      ? undefined
      : `<alert.${sha256Hex(`${notice.estate} ${first.key} ${first.seq}`).slice(0, 24)}@${domain}>`;
  return {
    from: { name: from_name, address: from },
    to: [...to],
    subject: notice.title,
    text: plainText(notice),
    html: htmlOf(notice),
    date: new Date(notice.at),
    messageId: `<${notice.id}@${domain}>`,
    ...(thread === undefined ? {} : { inReplyTo: thread, references: [thread] }),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Reeve-Event': notice.event,
      ...(notice.tone === 'bad' ? { Importance: 'high' } : {}),
    },
  };
}

/** 5xx replies (RFC 5321 §4.2.1) are for good; everything else may pass. */
function problemOf(error: unknown): ChannelProblem {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'responseCode') : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return new ChannelProblem(message, { permanent: typeof code === 'number' && code >= 500, cause: error });
}
