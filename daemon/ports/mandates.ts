export interface MandateView {
  id: string;
  state: 'accepted' | 'suspended' | 'pending';
  /** Digest now, and the one that was accepted. */
  digest: string;
  accepted?: string;
  by?: string;
  at?: number;
  why?: string;
}

/** Standing permission for unattended work: an entry of reeve.yaml with the digests of its runbooks (DESIGN §4). */
export interface Mandates {
  list(): Promise<MandateView[]>;
  /** Human diff between what was accepted and what is there now, and the digest of the latter. */
  diff(id: string): Promise<{ text: string; digest: string }>;
  /**
   * Records the acceptance durably. Rejects MANDATE_UNKNOWN, MANDATE_SUSPENDED, and CONFIRMATION_STALE when its digest is
   * not `shown` any more.
   */
  accept(id: string, by: string, shown?: string): Promise<MandateView>;
  /**
   * Rejects MANDATE_SUSPENDED, MANDATE_UNKNOWN. The runbooks `planned` of a plan that was made before must also be the
   * accepted ones, so that a file that was swapped in between is seen.
   */
  requireUsable(id: string, ...planned: { runbook: string; runbook_digest: string }[]): Promise<void>;
}
