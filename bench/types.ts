/** One measurement beside its reference. Both are run alternately; each call returns one figure in `unit`. */
export interface Bench {
  name: string;
  unit: string;
  /** The ratio ours / reference that must be reached (`higher`) or not be passed (`lower`). */
  goal: number;
  better: 'higher' | 'lower';
  ours(): Promise<number>;
  /** The honest best simple thing, written as carefully as ours, with the same durability. */
  reference(): Promise<number>;
  /** How often each is run; the medians are compared. */
  runs?: number;
  setup?(): Promise<void>;
  teardown?(): Promise<void>;
}
