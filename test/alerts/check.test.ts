import { expect, test } from 'vitest';
import { estateChecks } from '../../daemon/compose/estate-checks.ts';
import { checkEstate } from '../../daemon/estate/load.ts';

const HEAD = `version: 1
estate: { name: t }
projects: { shop: { environments: { dev: {} } } }
`;

/** `line severity: message` of every mistake. */
async function problems(text: string, stored: string[] = ['key', 'url']): Promise<string[]> {
  const checks = estateChecks({ has: async (name) => stored.includes(name) });
  const found = await checkEstate(Buffer.from(HEAD + text), checks);
  return found.problems.map(({ line, message, severity }) => `${line} ${severity}: ${message}`);
}

test('an estate whose channels and routes are in order has no problems', async () => {
  expect(
    await problems(`alerts:
  channels:
    hook: { kind: webhook, url: https://hooks.example/reeve, secret: key }
    mail: { kind: email, host: smtp.example, from: a@b.example, to: [c@d.example], user: a, password_secret: key }
    page: { kind: command, argv: [/usr/bin/page], secrets: { TOKEN: key }, timeout: 10s }
    chat: { kind: discord, url_secret: url }
    team: { kind: slack, url_secret: url }
    log: { kind: log }
  routes:
    - match: { severities: [page] }
      channels: [page, hook]
      escalate: [{ after: 15m, channels: [mail] }]
      continue: true
    - channels: [chat, team]
  heartbeat: { url: https://hc.example/ping }
`),
  ).toEqual([]);
});

test('every mistake has its line and what to write instead', async () => {
  expect(
    await problems(`alerts:
  channels:
    hook:
      kind: webhok
    sign:
      kind: webhook
      secert: key
      url: https://hooks.example
    none:
      kind: webhook
      url: ftp://hooks.example
      secret: missing
    page:
      kind: command
      argv: [page]
      secrets: { LD_PRELOAD: key }
    mail:
      kind: email
      host: smtp.example
      from: nobody
      to: []
    chat: { kind: discord, url_secret: later }
    relay:
      kind: email
      host: localhost
      from: a@b.example
      to: [c@d.example]
      tls: none
      user: a
      password_secret: key
  routes:
    - match: { severities: [page] }
      channels: [chta]
      escalate:
        - after: 1s
          channels: [phone]
  heartbeat: { every: 1m }
`),
  ).toEqual([
    '7 error: alerts.channels.hook.kind: no kind of channel webhok; did you mean webhook?',
    '8 error: alerts.channels: sign: a webhook channel needs secret',
    '10 error: alerts.channels.sign: no key of a webhook channel secert; did you mean secret?',
    '14 error: alerts.channels.none.url: invalid URL',
    '16 error: alerts.channels: page: no secret goes into LD_PRELOAD: programs act on that variable',
    '23 error: alerts.channels.mail.from: invalid email address',
    '24 error: alerts.channels.mail.to: at least one address',
    '25 warning: alerts.channels.chat.url_secret: there is no secret later yet; store it: reeve secret set later --value -',
    '26 error: alerts.channels: relay: a password is not sent without TLS: set tls',
    '34 warning: alerts: an alert that matches no route only goes to the log; end with a route without match',
    '36 error: alerts.routes.0.channels.0: no channel chta; did you mean chat?',
    '38 warning: alerts.routes.0.escalate.0.after: it escalates before the first message leaves (group_wait)',
    '39 error: alerts.routes.0.escalate.0.channels.0: no channel phone; there is hook, sign, none, page, mail, chat, relay',
    '40 error: alerts.heartbeat: give either url or secret',
  ]);
});

test('channels without a route, and routes behind one that takes everything, are warned about', async () => {
  expect(await problems('alerts: { channels: { log: { kind: log } } }\n')).toEqual([
    '4 warning: alerts: no route leads to a channel, so alerts only go to the log',
  ]);
  expect(
    await problems(
      'alerts: { channels: { log: { kind: log } }, routes: [{ channels: [log] }, { channels: [log] }] }\n',
    ),
  ).toEqual(['4 warning: alerts.routes.1: no alert gets here: a route above takes all of them']);
});
