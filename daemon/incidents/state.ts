import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { RecordBody } from '../../contracts/record.ts';

/** More are not opened before some are resolved; what they are about waits. */
export const MAX_OPEN = 2000;
/** Resolved incidents that are kept to be looked at. */
export const MAX_CLOSED = 500;
/** Deployments whose place is remembered, so that their end can be understood. */
export const MAX_JOBS = 500;
export const MAX_LINKS = 50;
/** Notes whose interaction is remembered, so that the same one is not noted twice. */
export const MAX_NOTED = 200;
export const MAX_HEALS = 20;
const MAX_DUE = 2000;
export { MAX_DUE };

/** Trouble that asks for an incident. */
export interface Trigger {
  /** The record that tells of it. */
  seq: number;
  at: number;
  /** When it began, ms. */
  began: number;
  /** For people. */
  why: string;
  of:
    | { kind: 'probe'; probe: string; state: 'down' | 'halted' }
    | { kind: 'drill'; drill: string; project: string; env: string; verdict: string; job: string }
    | {
        kind: 'deploy';
        action: string;
        title: string;
        project: string;
        env: string;
        job: string;
        status: string;
      };
}

/** What the records of a cause ask for and no record has answered yet. */
export interface Due {
  open?: Trigger;
  /** The trouble is over: since when, and why. */
  over?: { seq: number; at: number; why: string };
  /** A further job that belongs to the open incident. */
  link?: string;
}

export interface HealRow {
  rule: string;
  n: number;
  decided: number;
  /** Known as soon as it is queued. */
  job: string | null;
  /** `heal.started` stands in the ledger. */
  started: boolean;
  verified: { up: boolean; why: string } | null;
  rollback: string | null;
  ended: {
    at: number;
    outcome: RecordBody<'heal.ended'>['outcome'];
    rolled_back: string;
    why: string;
  } | null;
}

export interface IncidentRow {
  body: RecordBody<'incident.opened'>;
  seq: number;
  /** Record that began it, and the newest that is about it. */
  from: number;
  last: number;
  opened: number;
  /** Opened or reopened. */
  since: number;
  reopened: number;
  ack: { by: string; at: number; note: string } | null;
  /** Interactions of its newest notes. */
  noted?: string[];
  resolved: { seq: number; at: number; by: string; why: string; ended: number } | null;
  review: {
    seq: number;
    at: number;
    by: string;
    summary: string;
    actions: { text: string; owner: string }[];
  } | null;
  links: { kind: string; job?: string; incident?: string }[];
  /** Heals that were begun; the newest `MAX_HEALS` of them are `heals`. */
  runs: number;
  heals: HealRow[];
  decision: { rule: string; decision: string; why: string; at: number } | null;
  /** Of the alert `incident:<id>`. */
  alert: 'none' | 'open' | 'taken' | 'over';
  /** A postmortem stands for what is known so far. */
  drafted: boolean;
  postmortem: { artifact: ArtifactRef; path: string | null; final: boolean } | null;
}

export interface RuleRow {
  /** When heals were begun, oldest first; as many as a budget can have. */
  runs: number[];
  /** Heals in a row that did not heal. */
  failures: number;
  /** The outcome of a heal is unknown, and no person has closed the breaker since. */
  doubt: boolean;
  breaker: { at: number; why: string } | null;
  last: { at: number; outcome: string | null } | null;
}

interface DeployJob {
  action: string;
  title: string;
  project: string;
  env: string;
  /** One of its steps has begun, and no rollback has undone it since. */
  begun?: true;
}

export interface IncidentsState {
  /** Open ones by id, oldest first. */
  open: Record<string, IncidentRow>;
  /** Cause → id of the open incident. */
  causes: Record<string, string>;
  size: number;
  /** Oldest first. */
  closed: IncidentRow[];
  due: Record<string, Due>;
  rules: Record<string, RuleRow>;
  jobs: Record<string, DeployJob>;
  opened: Record<string, number>;
  healed: Record<string, number>;
}

/** The heal that goes on. */
export const activeHeal = (row: IncidentRow): HealRow | undefined => {
  const last = row.heals.at(-1);
  return last?.ended === null ? last : undefined;
};

/** Anchor of a heal's job, and of its rollback: `inc_…#2`, `inc_…#2/rollback`. */
export const healAnchor = (incident: string, n: number, rollback = false): string =>
  `${incident}#${n}${rollback ? '/rollback' : ''}`;

/** The heal that an anchor names. */
export function anchored(id: string): { incident: string; n: number; rollback: boolean } | undefined {
  const found = /^(inc_[0-9a-f]{16})#([1-9][0-9]{0,8})(\/rollback)?$/.exec(id);
  if (found?.[1] === undefined) return undefined;
  return { incident: found[1], n: Number(found[2]), rollback: found[3] !== undefined };
}

/** Key of an incident's alert. */
export const alertKey = (id: string): string => `incident:${id}`;
