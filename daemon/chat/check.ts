import type { ChatSpec } from '../../contracts/estate/chat.ts';
import type { EstateConfig } from '../../contracts/estate.ts';
import type { EstateCheck } from '../ports/estate-check.ts';

type Tell = Parameters<EstateCheck>[1];

/**
 * What `transport: http` needs. Without it nothing that arrives could be told from what somebody made up, so the file is
 * refused. `checkKey` throws for a public key that is none.
 */
export async function checkChat(
  { discord, slack, url }: ChatSpec,
  tell: Tell,
  stored: (name: string) => Promise<boolean>,
  checkKey: (raw: Uint8Array) => void,
): Promise<void> {
  if (discord?.transport === 'http') {
    const at = ['chat', 'discord'];
    if (discord.public_key === undefined)
      tell.error([...at, 'transport'], 'http needs public_key, which stands on the application’s page');
    else
      try {
        checkKey(Buffer.from(discord.public_key, 'hex'));
      } catch {
        tell.error([...at, 'public_key'], 'this is no public key; copy it from the application’s page');
      }
    if (url === undefined) noUrl(at, tell);
  }
  if (slack?.transport === 'http') {
    const at = ['chat', 'slack'];
    for (const key of ['signing_secret', 'previous_signing_secret'] as const) {
      const name = slack[key];
      if (name !== undefined && !(await stored(name)))
        tell.error(
          [...at, key === 'signing_secret' ? 'transport' : key],
          `the secret ${name} is not stored; store it before this is switched on: reeve secret set ${name} --value -`,
        );
    }
    if (url === undefined) noUrl(at, tell);
  }
}

const noUrl = (at: string[], tell: Tell): void =>
  tell.error(
    [...at, 'transport'],
    'http needs chat.url, the address under which the platform reaches this daemon',
  );

/** What is posted by a schedule or by an alert channel alone: a channel that is named for it and hears nothing is a mistake. */
export function checkTopics(
  { chat, schedules, alerts }: Pick<EstateConfig, 'chat' | 'schedules' | 'alerts'>,
  { warning }: Pick<Tell, 'warning'>,
): void {
  const heads = Object.values(schedules).some(({ runbook }) => runbook === 'ledger-head');
  const reports = Object.values(alerts.channels).some(
    (channel) => channel.kind === 'chat' && 'topic' in channel && channel.topic === 'reports',
  );
  for (const platform of ['discord', 'slack'] as const) {
    const { channels } = chat[platform] ?? {};
    const at = ['chat', platform, 'channels'];
    if (channels?.heads !== undefined && !heads)
      warning(at, 'Nothing posts heads here: a schedule with the runbook `ledger-head` does.', 'heads');
    if (channels?.reports !== undefined && !reports)
      warning(
        at,
        'Nothing is told here: an alert channel `{ kind: chat, topic: reports }` tells what is sent to it.',
        'reports',
      );
  }
}
