import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { RecordBody } from '../../contracts/record.ts';

export type OpenIncident = Omit<RecordBody<'incident.opened'>, 'id'>;

export interface TimelineEntry {
  /** ms. */
  at: number;
  kind: string;
  /** For people, one line. */
  text: string;
  by?: string;
  /** Ledger record it comes from. */
  seq: number;
}

export interface HealView {
  rule: string;
  /** Of this incident, from 1. */
  n: number;
  at: number;
  /** Null until it is queued. */
  job: string | null;
  /** Job of its rollback, if that was a job of its own. */
  rollback: string | null;
  /** Null while it goes on. */
  outcome: 'healed' | 'failed' | 'unknown' | null;
  rolled_back: 'no' | 'done' | 'failed' | null;
  why: string;
}

export interface IncidentView extends RecordBody<'incident.opened'> {
  state: 'open' | 'acknowledged' | 'resolved' | 'reviewed';
  opened_at: number;
  acknowledged_at: number | null;
  acknowledged_by: string | null;
  resolved_at: number | null;
  resolved_by: string | null;
  /** Why it was resolved; empty while it is not. */
  resolution: string;
  /** When the trouble ended, ms; null while it goes on. */
  ended: number | null;
  /** How often it came back shortly after it was resolved. */
  reopened: number;
  links: { kind: string; job?: string; incident?: string }[];
  /** Newest last. */
  heals: HealView[];
  /** What healing decided last. */
  healing: { rule: string; decision: string; why: string; at: number } | null;
  review: { by: string; at: number; summary: string; actions: { text: string; owner: string }[] } | null;
  postmortem: { artifact: ArtifactRef; path: string | null; final: boolean } | null;
}

export interface RuleView {
  rule: string;
  runbook: string;
  project: string;
  env: string;
  /** Heals begun within the window, and how many may be. */
  used: number;
  max: number;
  /** ms. */
  within: number;
  breaker: 'closed' | 'open';
  /** Why the breaker is open; empty while it is closed. */
  why: string;
  last: { at: number; outcome: string | null } | null;
  /** Incident it heals now. */
  busy: string | null;
}

/** Incidents as the ledger tells them. Every call that changes one is durable when it resolves. */
export interface Incidents {
  /** One open incident per `cause`: opening it again returns the open one. Rejects INCIDENT_LIMIT. */
  open(incident: OpenIncident): Promise<{ id: string; existing: boolean }>;
  /** Rejects INCIDENT_NOT_OPEN. */
  acknowledge(id: string, by: string, note: string): Promise<void>;
  /** Once for each interaction that it is said in. */
  note(id: string, by: string, text: string, interaction?: string): Promise<void>;
  /** Whether a note of this interaction stands there. */
  said(id: string, interaction: string): boolean;
  link(id: string, link: Omit<RecordBody<'incident.linked'>, 'id'>): Promise<void>;
  /** Rejects INCIDENT_NOT_OPEN. */
  resolve(id: string, by: string, why: string, ended?: number): Promise<void>;
  /** Again, too: the newest review counts. Rejects INCIDENT_NOT_RESOLVED. */
  review(
    id: string,
    by: string,
    summary: string,
    actions: { text: string; owner: string }[],
  ): Promise<{ path: string | null; artifact: ArtifactRef }>;
  /** The postmortem as it would be written now, as Markdown. */
  postmortem(id: string): Promise<string>;
  /** By id or unambiguous prefix of at least 4 hex digits, among those that `may` accepts. Throws INCIDENT_NOT_FOUND, INCIDENT_AMBIGUOUS. */
  get(id: string, may?: (incident: IncidentView) => boolean): IncidentView;
  /** Newest first: all open ones, and the newest 500 others. */
  list(filter?: { state?: IncidentView['state']; project?: string; limit?: number }): IncidentView[];
  /** Everything about it, oldest first: its own records, transitions of its probe, heals, jobs, alerts. */
  timeline(id: string): Promise<TimelineEntry[]>;
  /** Healing rules with their budget and breaker. */
  heals(): RuleView[];
  /** Closes a rule's breaker and starts its budget anew. Rejects HEAL_UNKNOWN. */
  resetBreaker(rule: string, by: string, reason: string): Promise<void>;
}
