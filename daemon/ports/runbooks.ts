import type { JsonObject } from '../../contracts/json.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Runbook } from '../../contracts/runbook.ts';

export interface LintProblem {
  /** `runbooks/x.md:12` */
  at: string;
  message: string;
  severity: 'error' | 'warning';
}

export interface PlanRequest {
  runbook: string;
  action?: string;
  project: string;
  env: string;
  inputs: JsonObject;
  /** Resolved extras that are part of what is confirmed: target, from, to … */
  targets?: JsonObject;
  /** Only its Rollback section, as the work of a job of its own: of a run that passed and did not help. */
  part?: 'rollback';
  /** Digest the runbook must have; any other is RUNBOOK_CHANGED. */
  runbook_digest?: string;
}

/** The folder of runbooks as loaded. Every call reads the file afresh or proves it unchanged by digest. */
export interface Runbooks {
  /** Valid runbooks, sorted by id. */
  list(): Promise<Runbook[]>;
  /** Rejects RUNBOOK_NOT_FOUND, RUNBOOK_INVALID, RUNBOOK_PATH_REFUSED, and RUNBOOK_CHANGED when its digest is not `pinned`. */
  get(id: string, pinned?: string): Promise<Runbook>;
  /** All problems of one runbook, or of the folder. */
  lint(id?: string): Promise<LintProblem[]>;
  /** Validates the inputs and resolves every step. Pure: executes, writes and connects to nothing. */
  plan(request: PlanRequest): Promise<Plan>;
}
