import type { Reply } from '../contracts/reply.ts';
import { harmless } from './io/harmless.ts';
import { Problem } from './io/problem.ts';
import type { Terminal } from './io/terminal.ts';

type Question = NonNullable<Reply['confirm']>;

/** Asks the person in front of the terminal; answers what had to be typed. Throws NOT_A_TERMINAL, CONFIRMATION_DECLINED. */
export async function askConfirmation(
  terminal: Terminal,
  command: string,
  question: Question,
): Promise<string | undefined> {
  if (!terminal.asks)
    throw new Problem('NOT_A_TERMINAL', { what: `The confirmation of ${command}` }, [
      `To confirm exactly this plan: --confirm ${question.digest}${question.typed === undefined ? '' : ` --typed ${question.typed}`}`,
    ]);
  const { confirm, text, isCancel } = await import('@clack/prompts');
  const message = harmless(question.question);
  const to = { output: process.stderr };
  if (question.typed === undefined) {
    const answer = await confirm({ message, initialValue: !question.destructive, ...to });
    if (answer !== true) throw new Problem('CONFIRMATION_DECLINED');
    return undefined;
  }
  const wanted = question.typed;
  const answer = await text({
    message: `${message} Type ${harmless(wanted)} to confirm`,
    validate: (value) => (value?.trim() === wanted ? undefined : `Type ${harmless(wanted)}, or press Escape`),
    ...to,
  });
  if (isCancel(answer) || answer.trim() !== wanted) throw new Problem('CONFIRMATION_DECLINED');
  return wanted;
}

/** Why, for the record, where the command demands it. Undefined when the person would not say. */
export async function askReason(command: string): Promise<string | undefined> {
  const { text, isCancel } = await import('@clack/prompts');
  const answer = await text({
    message: `Why? (the reason of ${command}, for the record)`,
    validate: (value) => (value?.trim() === '' || value === undefined ? 'A few words are enough' : undefined),
    output: process.stderr,
  });
  return isCancel(answer) ? undefined : answer.trim();
}
