import type { RuleSpec } from '../../contracts/estate/rules.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { DeliveryView } from './webhooks.ts';

export interface RuleView {
  name: string;
  spec: RuleSpec;
  /** Runs within the rule's `within`, and the newest ever, ms. */
  runs: number;
  latest: number | null;
  stopped: { at: number; why: string } | null;
}

/** What a rule makes of a delivery, as the files say now, and what was decided when it came. */
export interface Explained {
  rule: string;
  matches: boolean;
  why: string;
  inputs: JsonObject | null;
  decided: { decision: string; why: string; at: number; job: string | null } | null;
}

/** What starts runbooks when somebody calls in. */
export interface Rules {
  list(): RuleView[];
  /** Rejects DELIVERY_NOT_FOUND, DELIVERY_BODY_GONE. */
  explain(delivery: string): Promise<{
    delivery: DeliveryView;
    /** What of it Reeve did itself, for people. */
    own: string | null;
    rules: Explained[];
  }>;
  /** Lets a stopped rule start things again. Rejects RULE_UNKNOWN, RULE_NOT_STOPPED. */
  reset(rule: string, by: string): Promise<void>;
}
