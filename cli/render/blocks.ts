import type { Block } from '../../contracts/reply.ts';
import { harmless, harmlessLines } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { bytes } from '../io/units.ts';
import { pad, widthOf, wrap } from '../io/width.ts';
import { paint, showCell } from './cell.ts';
import { bar } from './progress.ts';
import { stepLines } from './steps.ts';
import { tableLines } from './table.ts';

/** How a command line of this CLI is written in hints. */
const commandLine = (command: string): string => `reeve ${harmless(command).replace(/^(\/|reeve )/, '')}`;

/** Lines of one block. Hints, buttons and choices are left out by --quiet. */
export function blockLines(terminal: Terminal, block: Block): string[] {
  const quiet = terminal.globals.quiet;
  switch (block.type) {
    case 'text':
      return harmlessLines(block.text).flatMap((line) => wrapped(terminal, line));
    case 'fields':
      return fieldLines(terminal, block.fields);
    case 'table':
      return block.rows.length === 0
        ? [terminal.dim(harmless(block.empty))]
        : tableLines(terminal, block.columns, block.rows);
    case 'code':
      return codeLines(terminal, block.language, block.text);
    case 'steps':
      return stepLines(terminal, block.steps);
    case 'progress':
      return [
        `${harmless(block.label)}  ${bar(terminal, block.done, block.total)}  ${block.done}/${block.total}`,
      ];
    case 'buttons':
      return quiet
        ? []
        : block.buttons.map(
            (b) => `${paint(terminal, b.tone)('→')} ${harmless(b.label)}: ${commandLine(b.command)}`,
          );
    case 'choices':
      return quiet
        ? []
        : [
            `${harmless(block.label)}:`,
            ...block.choices.map((c) => `  ${harmless(c.value)}${label(terminal, c)}`),
          ];
    case 'file':
      return fileLines(terminal, block);
    case 'link':
      return [harmless(`${block.label}: ${block.url}`)];
    case 'hint':
      return quiet
        ? []
        : harmlessLines(block.text).flatMap((line) => wrapped(terminal, line).map((l) => terminal.dim(l)));
  }
}

const label = (terminal: Terminal, c: { label: string; value: string }): string =>
  c.label === c.value ? '' : terminal.dim(`  ${harmless(c.label)}`);

const wrapped = (terminal: Terminal, line: string, taken = 0): string[] =>
  terminal.width === undefined ? [line] : wrap(line, terminal.width - taken);

type Fields = Extract<Block, { type: 'fields' }>['fields'];

function fieldLines(terminal: Terminal, fields: Fields): string[] {
  const labels = fields.map((f) => harmless(f.label));
  const width = Math.min(28, Math.max(0, ...labels.map(widthOf)));
  const indent = ' '.repeat(width + 4);
  return fields.flatMap((field, i) => {
    const lines =
      typeof field.value === 'string'
        ? harmlessLines(field.value).flatMap((line) => wrapped(terminal, line, width + 4))
        : [showCell(terminal, field.value)].map((cell) => cell.look(cell.text));
    const name = terminal.dim(pad(labels[i] ?? '', width));
    return lines.map((line, n) => (n === 0 ? `  ${name}  ${line}` : `${indent}${line}`));
  });
}

/** Logs as they are; other code indented, under what it is. */
function codeLines(terminal: Terminal, language: string, text: string): string[] {
  const lines = harmlessLines(text.replace(/\n$/, ''));
  if (language === 'log' || language === '') return lines;
  return [
    terminal.dim(`  ── ${harmless(language)}`),
    ...lines.map((line) => `  ${terminal.dim('│')} ${line}`),
  ];
}

function fileLines(terminal: Terminal, file: Extract<Block, { type: 'file' }>): string[] {
  const size = file.text === undefined ? file.artifact?.size_bytes : Buffer.byteLength(file.text);
  const about = [harmless(file.mediaType), ...(size === undefined ? [] : [bytes(size)])].join(', ');
  const digest = file.artifact?.digest;
  const where = digest === undefined ? [] : [terminal.dim(`  ${harmless(digest)}`)];
  const how = terminal.globals.quiet ? '' : terminal.dim('  --output FILE saves it');
  return [`▤ ${harmless(file.name)} (${about})${how}`, ...where];
}
