import type { View } from '../dispatch/view.ts';
import type { Wires } from './respond.ts';

/** Puts files into a channel, into the thread of a message there: all of them in one message. */
export async function shareIn(
  { client, lanes }: Pick<Wires, 'client' | 'lanes'>,
  at: { channel: string; thread?: string },
  files: View['files'],
): Promise<void> {
  const uploads = files.map(({ name, data, alt }) => ({
    filename: name,
    // Slack refuses an empty file.
    file: Buffer.from(data.length === 0 ? '\n' : data),
    ...(alt === undefined ? {} : { alt_text: alt }),
  }));
  await lanes.run(at.channel, () => {
    const what = { channel_id: at.channel, file_uploads: uploads };
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
