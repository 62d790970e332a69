import { fileURLToPath } from 'node:url';
import { errorTable } from './errors.ts';
import { EXIT, type ErrorEntry } from './errors/table.ts';
import { generated } from './generate.ts';

export const ERRORS_FILE = fileURLToPath(new URL('../ERRORS.md', import.meta.url));

const HEAD = `# Errors

Every refusal and failure has one code, the same in chat, CLI, API and log. The hint is the next thing to do. A refusal has no
side effect but its ledger record. Names in braces are filled in, and \`{count approval}\` is \`1 approval\` or \`2 approvals\`.

Exit codes of \`reeve\`: ${Object.entries(EXIT)
  .map(([name, code]) => `${code} ${name}`)
  .join(', ')}.

Generated from \`contracts/errors/\` by \`npm run generate\`. Do not edit.
`;

/** Text of ERRORS.md: every code of the table, sorted. */
export function errorsMarkdown(): string {
  const entries = Object.entries<ErrorEntry>(errorTable).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const sections = entries.map(
    ([code, { status, exit, message, hint }]) =>
      `## ${code}\n\nHTTP ${status} · exit ${EXIT[exit]} (${exit})\n\n- What happened: ${literal(message)}\n- What next: ${literal(hint)}\n`,
  );
  return [HEAD, ...sections].join('\n');
}

/** As it is, in a code span that no backtick inside can end (CommonMark 6.1). */
function literal(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const space = /^`|`$/.test(text) ? ' ' : '';
  return fence + space + text + space + fence;
}

if (import.meta.main)
  process.exitCode = generated(ERRORS_FILE, errorsMarkdown(), process.argv.includes('--check'));
