import type { View } from '../dispatch/view.ts';
import type { Wires } from './respond.ts';

/** Puts what had no room into a channel, into the thread of a message there. */
export async function shareIn(
  { client, lanes }: Pick<Wires, 'client' | 'lanes'>,
  at: { channel: string; thread?: string },
  files: View['files'],
): Promise<void> {
  for (const { name, text } of files)
    await lanes.run(at.channel, () => {
      // Slack refuses an empty file.
      const what = {
        channel_id: at.channel,
        filename: name,
        file: Buffer.from(text === '' ? '\n' : text, 'utf8'),
      };
      return client.files.uploadV2(at.thread === undefined ? what : { ...what, thread_ts: at.thread });
    });
}

/** Sends it to one person alone: a file in a channel is everybody's. */
export async function shareWith(
  wires: Pick<Wires, 'client' | 'lanes'>,
  account: string,
  files: View['files'],
): Promise<void> {
  const { channel } = await wires.lanes.run(account, () =>
    wires.client.conversations.open({ users: account }),
  );
  if (channel?.id === undefined) throw new Error('Slack opened no conversation');
  await shareIn(wires, { channel: channel.id }, files);
}
