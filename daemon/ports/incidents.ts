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

export interface IncidentView extends RecordBody<'incident.opened'> {
  state: 'open' | 'acknowledged' | 'resolved' | 'reviewed';
  opened_at: number;
  acknowledged_at: number | null;
  resolved_at: number | null;
  /** When the trouble ended, ms; null while it goes on. */
  ended: number | null;
  links: { kind: string; job?: string; incident?: string }[];
  heals: { rule: string; job: string; outcome: string | null }[];
  postmortem: { artifact: ArtifactRef; path: string } | null;
}

/** Incidents as the ledger tells them. Every call that changes one is durable when it resolves. */
export interface Incidents {
  /** One open incident per `cause`: opening it again returns the open one. */
  open(incident: OpenIncident): Promise<{ id: string; existing: boolean }>;
  acknowledge(id: string, by: string, note: string): Promise<void>;
  note(id: string, by: string, text: string): Promise<void>;
  link(id: string, link: Omit<RecordBody<'incident.linked'>, 'id'>): Promise<void>;
  /** Rejects INCIDENT_NOT_OPEN. */
  resolve(id: string, by: string, why: string, ended?: number): Promise<void>;
  review(
    id: string,
    by: string,
    summary: string,
    actions: { text: string; owner: string }[],
  ): Promise<{ path: string; artifact: ArtifactRef }>;
  /** By id or unambiguous prefix of at least 4 hex digits. Rejects INCIDENT_NOT_FOUND. */
  get(id: string): IncidentView;
  /** Newest first. */
  list(filter?: { state?: IncidentView['state']; project?: string; limit?: number }): IncidentView[];
  /** Everything about it, oldest first: its own records, transitions of its probe, heals, jobs, alerts. */
  timeline(id: string): Promise<TimelineEntry[]>;
  /** Healing rules with their budget and breaker. */
  heals(): {
    rule: string;
    runbook: string;
    used: number;
    max: number;
    within: number;
    breaker: 'closed' | 'open';
    last: { at: number; outcome: string | null } | null;
  }[];
  /** Closes a rule's breaker. Rejects HEAL_UNKNOWN. */
  resetBreaker(rule: string, by: string, reason: string): Promise<void>;
}
