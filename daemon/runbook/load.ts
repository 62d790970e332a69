import type { Json } from '../../contracts/json.ts';
import { Slug } from '../../contracts/ids.ts';
import { Duration } from '../../contracts/duration.ts';
import {
  GameDayPhase,
  type Runbook,
  type RunbookFrontMatter,
  type RunbookStep,
} from '../../contracts/runbook.ts';
import { digestOf } from '../digest.ts';
import type { LintProblem } from '../ports/runbooks.ts';
import { suggest } from '../suggest.ts';
import { cut, firstUnsafe } from '../text.ts';
import { parseAttributes } from './attributes.ts';
import { noFront, readFront, readYaml, yamlLibrary } from './front.ts';
import { readMarkdown, type MarkdownBlock } from './markdown.ts';
import { MAX_BYTES } from './folder.ts';
import { Problems } from './problems.ts';
import { checkGameDay, type LoadedStep } from './gameday.ts';
import { checkReferences } from './references.ts';
import { kindByWord } from './steps/index.ts';
import { StepMistake, type StepSource } from './steps/kind.ts';

const MAX_LINES = 5000;
const MAX_STEPS = 200;

export interface Loaded {
  /** Absent when there is any error. */
  runbook?: Runbook;
  problems: LintProblem[];
}

/**
 * Reads a runbook from exactly these bytes. Every mistake comes back with its `file:line`; nothing is thrown for
 * anything the file holds.
 *
 * @param source path for people, relative to the estate
 * @param id what the file's name says the runbook is called
 */
export async function loadRunbook(bytes: Uint8Array, source: string, id: string): Promise<Loaded> {
  const problems = new Problems(source);
  let runbook: Runbook | undefined;
  try {
    const text = decode(bytes, problems);
    if (text !== undefined) runbook = await read(text, source, id, problems);
  } catch (error) {
    // The parsers recurse; a file nested beyond the stack is a mistake of the file.
    if (!(error instanceof RangeError)) throw error;
    problems.error(1, 'it is nested too deeply to be read');
  }
  if (runbook === undefined || problems.failed) return { problems: problems.list() };
  return { runbook: { ...runbook, digest: digestOf(bytes) }, problems: problems.list() };
}

function decode(bytes: Uint8Array, problems: Problems): string | undefined {
  if (bytes.length > MAX_BYTES) {
    problems.error(1, `it has more than ${MAX_BYTES} bytes`);
    return undefined;
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    problems.error(1, 'it is not UTF-8');
    return undefined;
  }
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) problems.error(MAX_LINES, `it has more than ${MAX_LINES} lines`);
  else lookForHidden(lines, problems);
  return problems.failed ? undefined : text;
}

/** What a reader of the file or of its plan would not see. Of CR LF the first line is enough. */
function lookForHidden(lines: readonly string[], problems: Problems): void {
  let returns = false;
  lines.forEach((line, i) => {
    const unsafe = firstUnsafe(line);
    if (unsafe === undefined || (returns && unsafe.shown === '\\r')) return;
    if (unsafe.shown === '\\r') problems.error(i + 1, 'the line ends with CR LF; save the file with LF');
    else problems.error(i + 1, `column ${unsafe.index + 1} holds ${unsafe.shown}, which cannot be seen`);
    returns ||= unsafe.shown === '\\r';
  });
}

async function read(text: string, source: string, id: string, problems: Problems): Promise<Runbook> {
  const yaml = await yamlLibrary();
  const blocks = await readMarkdown(text, problems);
  const first = blocks[0];
  const begins = first?.type === 'front';
  if (!begins) problems.error(1, 'it does not begin with front matter: ---, YAML, ---');
  const front = begins ? readFront(yaml, first.text, first.line + 1, problems) : noFront(1);
  if (front.known('runbook') && front.front.runbook !== id)
    problems.error(
      front.lineOf(['runbook']),
      `runbook: "${front.front.runbook}" is not the file's name, ${id}`,
    );
  const { steps: loaded, prose } = walk(begins ? blocks.slice(1) : blocks, front.front, problems);
  const steps = checkGameDay(loaded, front.front, problems);
  const runbook: Runbook = { front: front.front, source, digest: '', prose, steps, text };
  if (runbook.steps.length > MAX_STEPS) problems.error(1, `it has more than ${MAX_STEPS} steps`);
  if (begins && !runbook.steps.some(({ on }) => on === 'normal'))
    problems.error(1, 'it has no step that normally runs');
  checkNames(runbook.steps, problems);
  for (const step of runbook.steps) checkStep(sourceOf(step, runbook, yaml), problems);
  checkReferences(runbook, front, problems);
  return runbook;
}

/** Sections and steps, in the order of the file. */
function walk(
  blocks: readonly MarkdownBlock[],
  front: RunbookFrontMatter,
  problems: Problems,
): { steps: LoadedStep[]; prose: Runbook['prose'] } {
  const steps: LoadedStep[] = [];
  const prose: Runbook['prose'] = [];
  let heading = '';
  const sections: (Section & { depth: number })[] = [];
  for (const block of blocks) {
    if (block.type === 'heading') {
      heading = cut(block.text, 200);
      while ((sections.at(-1)?.depth ?? 0) >= block.depth) sections.pop();
      sections.push({ ...(sectionOf(block.text) ?? sections.at(-1) ?? NORMAL), depth: block.depth });
    } else if (block.type === 'prose') prose.push({ heading, text: block.text, line: block.line });
    else if (block.type === 'code') {
      const step = stepOf(block, heading, sections.at(-1) ?? NORMAL, front, problems);
      if (step !== undefined) steps.push(step);
    }
  }
  return { steps, prose };
}

interface Section {
  on: RunbookStep['on'];
  /** What its steps are if the runbook is a game day. */
  phase?: GameDayPhase;
}
const NORMAL: Section = { on: 'normal' };

/** When the steps of a section run, by its heading's first words (a number before them does not count). */
function sectionOf(heading: string): Section | undefined {
  const words = /^(?:\d+[.)]?\s+)?(\w+(?: +state)?)/.exec(heading.toLowerCase())?.[1];
  if (words?.startsWith('rollback') === true) return { on: 'failure', phase: 'rollback' };
  if (words === 'steady state') return { on: 'normal', phase: 'steady' };
  if (words === 'method') return { on: 'normal', phase: 'method' };
  return words === 'always' || words === 'cleanup' ? { on: 'always' } : undefined;
}

/** A fence with attributes in braces is a step; any other is an example. */
function stepOf(
  { info, line, text }: MarkdownBlock,
  heading: string,
  section: Section,
  front: RunbookFrontMatter,
  problems: Problems,
): LoadedStep | undefined {
  const brace = info.indexOf('{');
  if (brace < 0) return undefined;
  const language = info.slice(0, brace).trim();
  const { values, problems: wrong } = parseAttributes(info.slice(brace));
  for (const message of wrong) problems.error(line, message);
  if (wrong.length > 0) return undefined;
  const { name = '', kind: named, timeout, on, phase: part, ...attributes } = values;
  const word = named ?? language;
  const kind = kindByWord.get(word);
  if (kind === undefined) {
    const near = suggest(word, [...kindByWord.keys()]);
    const hint = near === undefined ? `known: ${[...kindByWord.keys()].join(', ')}` : `did you mean ${near}?`;
    problems.error(line, word === '' ? `the step has no kind; ${hint}` : `no step kind "${word}"; ${hint}`);
    return undefined;
  }
  // The shell that a fence names is the shell that runs it.
  if (kind.kind === 'sh' && language === 'bash') attributes['interpreter'] ??= 'bash';
  if (!Slug.safeParse(name).success)
    problems.error(line, name === '' ? 'the step has no name: { name=… }' : `"${name}" is no step name`);
  const limit = timeout === undefined ? undefined : Duration.safeParse(timeout);
  if (limit?.success === false) problems.error(line, 'timeout: write a duration such as 30s or 15m');
  if (on !== undefined && on !== 'normal' && on !== 'failure' && on !== 'always')
    problems.error(line, `on: "${on}" is none of normal, failure, always`);
  const phase = GameDayPhase.safeParse(part ?? section.phase).data;
  if (part !== undefined && phase === undefined)
    problems.error(line, `phase: "${part}" is none of ${GameDayPhase.options.join(', ')}`);
  return {
    name,
    kind: kind.kind,
    line,
    heading,
    on:
      on === 'normal' || on === 'failure' || on === 'always'
        ? on
        : phase === 'rollback'
          ? 'failure'
          : section.on,
    ...(phase === undefined || on === 'always' ? {} : { phase }),
    ...(part === undefined ? {} : { marked: true }),
    timeout_ms: limit?.success === true ? limit.data : front.timeout,
    attributes: { ...attributes },
    text,
  };
}

/** Unique also as parts of variable names, where `a-b` and `a_b` are one. */
function checkNames(steps: readonly RunbookStep[], problems: Problems): void {
  const seen = new Map<string, RunbookStep>();
  for (const step of steps) {
    const key = step.name.replaceAll('-', '_');
    const other = seen.get(key);
    if (other === undefined) seen.set(key, step);
    else if (step.name !== '')
      problems.error(step.line, `the step name ${step.name} is taken by line ${other.line}`);
  }
}

/** The step with what its kind needs to read it. */
export function sourceOf(
  step: RunbookStep,
  runbook: Runbook,
  yaml: Awaited<ReturnType<typeof yamlLibrary>>,
): StepSource {
  return {
    step,
    runbook,
    yaml(): Json {
      const { problems, read } = readYaml(yaml, step.text);
      const first = problems[0];
      if (first !== undefined) throw new StepMistake(first.message, first.line);
      return read?.value ?? null;
    },
  };
}

function checkStep(source: StepSource, problems: Problems): void {
  const { step } = source;
  const kind = kindByWord.get(step.kind);
  if (kind === undefined) return;
  const empty = step.text.trim() === '';
  if (kind.body === 'required' && empty) problems.error(step.line, `a ${kind.kind} step needs a text`);
  else if (kind.body === 'none' && !empty) problems.error(step.line, `a ${kind.kind} step takes no text`);
  else for (const { line, message } of kind.check(source)) problems.error(step.line + line, message);
}
