import type { Look } from './look.ts';

/** `unknown`: it could not be looked at, because something else is away or wrong. That is no fault of what was looked at. */
export type Level = 'ok' | 'wrong' | 'warn' | 'unknown';

export interface Finding {
  level: Level;
  text: string;
  /** The one thing to do next. */
  next?: string;
}

export type Part = 'here' | 'discord' | 'slack';

/** One thing that is looked at. A new one is a file in checks/ and a line in its index.ts. */
export interface Check {
  /** Unique; machines know it by this. */
  name: string;
  part: Part;
  /** It looks into the home, so there is nothing to look at before the first start. */
  needsHome?: true;
  /** What is found; nothing where there is nothing to look at. What it rejects is shown as `unknown`. */
  run(look: Look): Promise<Finding[]>;
}

export const ok = (text: string): Finding => ({ level: 'ok', text });
export const wrong = (text: string, next: string): Finding => ({ level: 'wrong', text, next });
export const warn = (text: string, next: string): Finding => ({ level: 'warn', text, next });
export const unknown = (why: string, next: string): Finding => ({
  level: 'unknown',
  text: `could not check: ${why}`,
  next,
});
