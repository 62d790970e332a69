import {
  ButtonStyle,
  ComponentType,
  TextInputStyle,
  type APIModalInteractionResponseCallbackData,
} from 'discord.js';
import type { ChatButton } from '../../contracts/chat.ts';
import type { Tone } from '../../contracts/reply.ts';
import type { View } from '../dispatch/view.ts';

const COLOUR = { good: 0x2e9e5b, bad: 0xd13c3c, warn: 0xd9962b, info: 0x4a7fd1 } as const;
const STYLE = {
  good: ButtonStyle.Success,
  bad: ButtonStyle.Danger,
  warn: ButtonStyle.Primary,
  info: ButtonStyle.Secondary,
} as const satisfies Record<Tone, ButtonStyle>;

/** A view as Discord's message. Nobody is mentioned, whatever it says, but for `mention`. */
export function payloadOf(view: View, buttons: readonly ChatButton[] = [], mention: readonly string[] = []) {
  const picture = view.files.find(({ alt }) => alt !== undefined);
  return {
    content: mention.map((id) => `<@${id}>`).join(' '),
    embeds: [
      {
        title: view.title,
        color: COLOUR[view.tone],
        ...(view.sections.length === 0 ? {} : { description: view.sections.join('\n') }),
        ...(view.note === undefined ? {} : { footer: { text: view.note } }),
        ...(picture === undefined ? {} : { image: { url: `attachment://${picture.name}` } }),
      },
    ],
    components:
      buttons.length === 0
        ? []
        : [
            {
              type: ComponentType.ActionRow as const,
              components: buttons.slice(0, 5).map((button) => ({
                type: ComponentType.Button as const,
                style: STYLE[button.tone],
                custom_id: customId(button),
                label: button.label,
              })),
            },
          ],
    files: view.files.map(({ name, data, alt }) => ({
      name,
      attachment: Buffer.from(data),
      ...(alt === undefined ? {} : { description: alt }),
    })),
    allowedMentions: { parse: [], users: [...mention] },
  };
}

/** The id alone, and whether it opens a form: a bot that was restarted has to know that at once. */
const customId = ({ id, form }: ChatButton): string => (form === undefined ? id : `${id}.${form.field}`);

/** What a custom_id stands for; anything may arrive. */
export function pressOf(custom: string): { id: string; field?: 'typed' | 'reason' } {
  const [id = '', field] = custom.split('.');
  return field === 'typed' || field === 'reason' ? { id, field } : { id: custom };
}

const ASKS = {
  typed: { title: 'Confirm', label: 'Name of the environment', max_length: 64, style: TextInputStyle.Short },
  reason: {
    title: 'Why?',
    label: 'Reason, for the record',
    max_length: 1000,
    style: TextInputStyle.Paragraph,
  },
} as const;

/** The form behind a button: one field. */
export function modalOf(custom: string, field: 'typed' | 'reason'): APIModalInteractionResponseCallbackData {
  const { title, label, ...input } = ASKS[field];
  return {
    custom_id: custom,
    title,
    components: [
      {
        type: ComponentType.Label,
        label,
        component: { type: ComponentType.TextInput, custom_id: field, required: true, ...input },
      },
    ],
  };
}
