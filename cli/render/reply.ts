import type { Block, Reply } from '../../contracts/reply.ts';
import { harmless } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { paint } from './cell.ts';
import { blockLines } from './blocks.ts';

const MARK: Record<Reply['tone'], string> = { good: '✓ ', bad: '✗ ', warn: '! ', info: '' };

/** Blocks that belong together stand together: a table and its hint; everything else has air around it. */
const CLOSE = new Set<Block['type']>(['hint', 'buttons', 'progress', 'file']);

/** Prints a reply: title, then its blocks. */
export function showReply(terminal: Terminal, reply: Pick<Reply, 'tone' | 'title' | 'blocks'>): void {
  const bare = terminal.globals.quiet && reply.blocks.some((b) => b.type === 'table' || b.type === 'code');
  const lines: string[] = [];
  if (!bare)
    lines.push(
      terminal.style('bold', paint(terminal, reply.tone)(MARK[reply.tone])) +
        terminal.style('bold', harmless(reply.title)),
    );
  let before: Block['type'] | undefined;
  for (const block of reply.blocks) {
    const made = blockLines(terminal, block);
    if (made.length === 0) continue;
    const apart =
      before === undefined ? block.type === 'table' && !bare : !(CLOSE.has(block.type) && CLOSE.has(before));
    if (apart) lines.push('');
    lines.push(...made);
    before = block.type;
  }
  terminal.out(lines.join('\n'));
}
