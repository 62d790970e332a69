import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { ChatButton } from '../../contracts/chat.ts';
import { plain } from './blocks.ts';
import type { ViewState } from './from.ts';

const Form = ChatButton.shape.form.unwrap();
type Form = z.infer<typeof Form>;

/** Where the answer to a modal goes, kept in the modal itself: it outlives a restart of the bot. */
export const Origin = z.object({
  channel: z.string(),
  /** response_url of what opened it, and when that was, ms. */
  url: z.string().default(''),
  at: z.number().default(0),
  /** The message that holds the pressed button is shown to this person alone. */
  alone: z.boolean().default(false),
  /** The command that a command form is for. */
  command: z.string().optional(),
});
export type Origin = z.infer<typeof Origin>;

/** At most 3,000 characters. */
export const writeOrigin = (origin: Origin): string => JSON.stringify(origin);

export function readOrigin(view: Pick<ViewState, 'private_metadata'>): Origin {
  try {
    return Origin.parse(JSON.parse(view.private_metadata));
  } catch {
    return Origin.parse({ channel: '' });
  }
}

const FIELD = 'said';

/** The form of a button from its value; undefined when it has none. */
export function formIn(value: string | null | undefined): Form | undefined {
  if (value === null || value === undefined) return undefined;
  try {
    return Form.parse(JSON.parse(value));
  } catch {
    return undefined;
  }
}

/** A modal with the one field of a button. Its callback id is the button's id. */
export function formView(id: string, { field, title, label, hint, max }: Form, origin: Origin): ModalView {
  return {
    type: 'modal',
    callback_id: id,
    private_metadata: writeOrigin(origin),
    title: plain(title, 24),
    submit: plain('Send', 24),
    close: plain('Back', 24),
    blocks: [
      {
        type: 'input',
        block_id: field,
        label: plain(label, 2000),
        hint: plain(hint, 2000),
        element: {
          type: 'plain_text_input',
          action_id: FIELD,
          multiline: field === 'reason',
          max_length: Math.min(max, 3000),
        },
      },
    ],
  };
}

/** What was typed into the form of a button. */
export function saidIn({ state }: ViewState): { typed?: string; reason?: string } {
  for (const field of ['typed', 'reason'] as const) {
    const input = z.object({ value: z.string().nullish() }).safeParse(state?.values[field]?.[FIELD]);
    if (input.success) return { [field]: input.data.value ?? '' };
  }
  return {};
}
