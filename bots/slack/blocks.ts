import type { Button, KnownBlock, PlainTextElement } from '@slack/types';
import type { ChatButton } from '../../contracts/chat.ts';
import type { Tone } from '../../contracts/reply.ts';
import { cut, harmless } from '../dispatch/text.ts';
import { SLACK_VIEW, type View, type ViewLimits } from '../dispatch/view.ts';

/** Before the title: Slack has no colours for blocks. */
const MARK: Record<Tone, string> = { good: '🟢', bad: '🔴', warn: '🟠', info: '🔵' };

/** The limits of a view that stands below the mark of its tone. */
export const SLACK_LIMITS: ViewLimits = { ...SLACK_VIEW, title: SLACK_VIEW.title - 3 };

/** What every message of ours has, however it is sent. */
export interface Content {
  text: string;
  blocks: KnownBlock[];
  /** Nothing in it calls people or becomes a link, but what stands there as a mention. */
  parse: 'none';
  link_names: false;
  unfurl_links: false;
  unfurl_media: false;
}

/** `emoji: false`: foreign text stays as it is. */
export const plain = (text: string, max: number): PlainTextElement => ({
  type: 'plain_text',
  text: cut(harmless(text), max) || '–',
  emoji: false,
});

/** A view as a message. `mention`: accounts to call. `notes`: lines of our own below it. */
export function contentOf(
  view: View,
  more: { buttons?: readonly ChatButton[]; mention?: readonly string[]; notes?: readonly string[] } = {},
): Content {
  const { buttons = [], mention = [] } = more;
  const notes = [...(more.notes ?? []), ...(view.note === undefined ? [] : [view.note])];
  const calls = mention
    .filter((account) => /^[UW][A-Z0-9]{2,30}$/.test(account))
    .map((account) => `<@${account}>`)
    .join(' ');
  const title = `${MARK[view.tone]} ${view.title}`;
  return {
    text: calls === '' ? title : `${calls} ${title}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title, emoji: false } },
      ...(calls === '' ? [] : [section(calls)]),
      ...view.sections.filter((text) => text !== '').map(section),
      ...notes.map(section),
      ...(buttons.length === 0 ? [] : [{ type: 'actions' as const, elements: buttons.map(buttonOf) }]),
    ],
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** `verbatim`: Slack looks for no links, channels or people in it by itself. */
const section = (text: string): KnownBlock => ({
  type: 'section',
  text: { type: 'mrkdwn', text, verbatim: true },
});

/**
 * Its id is the daemon's. The value says how its form looks, so that a bot that was restarted can still open it; it gives
 * no right to anything.
 */
function buttonOf({ id, label, tone, form }: ChatButton): Button {
  const style = tone === 'good' ? 'primary' : tone === 'bad' ? 'danger' : undefined;
  return {
    type: 'button',
    action_id: id,
    text: plain(label, 75),
    ...(style === undefined ? {} : { style }),
    ...(form === undefined ? {} : { value: JSON.stringify(form) }),
  };
}
