import { RUNBOOKS } from '../../helpers/app.ts';

const runbook = (id: string, title: string, more: string, script: string): string => `---
runbook: ${id}
title: ${title}
action: run
timeout: 1m
${more}---
\`\`\`sh { name=main }
${script}
\`\`\`
`;
const WHERE =
  'inputs: { project: { type: project }, env: { type: environment }, whom: { type: string, default: all, max_length: 300 } }\n';

/** What the story runs, among 200 that have a command of their own: more than either platform shows. */
export const STORY_RUNBOOKS: Record<string, string> = {
  ...RUNBOOKS,
  'again.md': runbook('again', 'Again', '', 'echo again >> again.txt'),
  'flaky.md': runbook('flaky', 'Fails first', '', "echo 'not yet 👩‍🚒 שלום <@1> @everyone'\n[ -e fixed ]"),
  'greet.md': runbook('greet', 'Greet', `command: true\n${WHERE}`, 'echo "$REEVE_INPUT_WHOM" >> greeted.txt'),
  ...Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [
      `many-${n}.md`,
      runbook(`many-${n}`, `Number ${n}`, 'command: true\n', `echo number ${n}`),
    ]),
  ),
};
