import { z } from 'zod';
import type { ArtifactRef } from './artifact.ts';
import type { JsonObject } from './json.ts';

/**
 * What came of a job, in its own words: made of the outputs of its last attempt, where a step gave `title` and `headline`.
 * Texts are redacted and shortened as in the record.
 */
export const JobResult = z.object({
  title: z.string(),
  /** The output `headline`, by lines. */
  headline: z.array(z.string()),
  /** The output `changes`, by lines: what was written or, in a dry run, what would be, and what stays. */
  changes: z.array(z.string()),
  /** The output `left`, by lines: what people had changed, and was not touched. */
  left: z.array(z.string()),
  /** Every output that is a whole number. */
  counts: z.record(z.string(), z.int()),
  /** The name of the artifact that has all of it; null where there is none to read. */
  document: z.string().nullable(),
});
export type JobResult = z.infer<typeof JobResult>;

/** Undefined for a job that says nothing of the kind. */
export function resultOf(
  outputs: JsonObject | undefined,
  artifacts: readonly ArtifactRef[] = [],
): JobResult | undefined {
  const text = (name: string): string | undefined => {
    const value = outputs !== undefined && Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const lines = (value = ''): string[] => value.split('\n').filter((line) => line.trim() !== '');
  const [title, headline] = [text('title'), text('headline')];
  if (outputs === undefined || title === undefined || headline === undefined) return undefined;
  return {
    title,
    headline: lines(headline),
    changes: lines(text('changes')),
    left: lines(text('left')),
    counts: Object.fromEntries(
      Object.entries(outputs).flatMap(([name, value]) =>
        typeof value === 'string' && /^\d{1,15}$/.test(value) ? [[name, Number(value)]] : [],
      ),
    ),
    document: documentOf(artifacts)?.name ?? null,
  };
}

/** The artifact of an attempt that people read. */
export const documentOf = (artifacts: readonly ArtifactRef[]): ArtifactRef | undefined =>
  artifacts.find(
    ({ name, digest, mediaType = '' }) =>
      name !== undefined && digest !== undefined && /^(text\/|application\/json\b)/.test(mediaType),
  );

/** `3 new, 1 conflict`: what is nothing is left out. Counts are named in the plural, or by a word that has none. */
export const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .flatMap(([name, n]) => (n === 0 ? [] : [`${n} ${word(name, n).replaceAll('_', ' ')}`]))
    .join(', ');

const word = (name: string, n: number): string =>
  n !== 1 ? name : name.endsWith('ies') ? `${name.slice(0, -3)}y` : name.replace(/(?<!s)s$/, '');
