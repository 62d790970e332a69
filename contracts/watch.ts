import { z } from 'zod';

/** What one run of a probe found. `inconclusive`: the trouble is on our side (own network, resolver, event loop, database). */
export const Verdict = z.enum(['up', 'degraded', 'down', 'halted', 'inconclusive']);
export type Verdict = z.infer<typeof Verdict>;

/** A probe's state after damping. `pending`: no verdict yet. `halted`: a chain makes no progress anywhere, so no node is to blame. */
export const ProbeState = z.enum(['pending', ...Verdict.options]);
export type ProbeState = z.infer<typeof ProbeState>;

/** `page` wakes somebody, `warn` can wait for the morning, `info` is only told. */
export const Severity = z.enum(['page', 'warn', 'info']);
export type Severity = z.infer<typeof Severity>;

/** What an alert or incident is about. */
export const SignalSource = z.enum([
  'probe',
  'incident',
  'schedule',
  'drill',
  'backup',
  'deploy',
  'heal',
  'slo',
  'daemon',
  'person',
]);
export type SignalSource = z.infer<typeof SignalSource>;
