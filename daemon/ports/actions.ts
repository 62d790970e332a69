import type { z } from 'zod';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { AdminActionType, AdminEvent, SecretRotationEvent } from '../../contracts/admin.ts';
import type { StatusView } from '../../contracts/api.ts';
import type { Catalogue } from '../../contracts/catalogue.ts';
import type { Verb } from '../../contracts/estate.ts';
import type { GrantPayload } from '../../contracts/grant.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Block, Tone } from '../../contracts/reply.ts';
import type { Alerts } from './alerts.ts';
import type { Artifacts } from './artifacts.ts';
import type { ChatBots } from './chat.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Caller } from './door.ts';
import type { Grants, IssueRequest, RequestView } from './grants.ts';
import type { Incidents } from './incidents.ts';
import type { Jobs } from './jobs.ts';
import type { Keys } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { Linear } from './linear.ts';
import type { Mandates } from './mandates.ts';
import type { Mirror } from './mirror.ts';
import type { People } from './people.ts';
import type { Practice } from './practice.ts';
import type { Probes } from './probes.ts';
import type { Releases } from './releases.ts';
import type { Rules } from './rules.ts';
import type { LintProblem, Runbooks } from './runbooks.ts';
import type { Schedules } from './schedules.ts';
import type { Secrets } from './secrets.ts';
import type { StateView } from './state.ts';
import type { Syncs } from './sync.ts';
import type { Trajectory } from './trajectory.ts';
import type { Webhooks } from './webhooks.ts';
import type { Work } from './work.ts';

/** What an action hands back; the door makes the whole Reply of it. */
export interface Draft {
  title: string;
  /** False: what was looked at is not as it should be; the CLI's exit code is 1. Default true. */
  ok?: boolean;
  tone?: Tone;
  blocks?: Block[];
  /** Stable data for `--json`. */
  data: Json;
  job?: { id: string; follow: boolean };
}

/** What actions may use. */
export interface Deps {
  clock: Clock;
  ledger: Ledger;
  state: StateView;
  config: Config;
  people: People;
  mandates: Mandates;
  grants: Grants;
  keys: Keys;
  secrets: Secrets;
  runbooks: Runbooks;
  jobs: Jobs;
  artifacts: Artifacts;
  trajectory: Trajectory;
  work: Work;
  alerts: Alerts;
  drills: DrillReader;
  schedules: Schedules;
  probes: Probes;
  practice: Practice;
  incidents: Incidents;
  webhooks: Webhooks;
  rules: Rules;
  syncs: Syncs;
  linear: Linear;
  mirror: Mirror;
  releases: Releases;
  chat: ChatBots;
  zones: { accept(by: string): Promise<{ digest: string; files: number }> };
  reloadConfig(): Promise<{ changed: boolean; digest: string }>;
  /** Mistakes of the files as they are now, not of what is in force. */
  checkConfig(): Promise<LintProblem[]>;
  /** Newest recorded version of each configuration. */
  configVersions(): { config_name: string; config_version: string; digest: string }[];
  /** The flags of `preauth create-grant` as a request; throws usage errors. */
  grantFromFlags(flags: JsonObject, person: string): IssueRequest;
  log: { level(): string; setLevel(level: string): void };
  /** `may`: which places its reader may see. Default: all. */
  status(may?: (project: string, env: string) => boolean): StatusView;
  planDigest(plan: Plan): string;
  /** The whole plan for people. */
  planBlocks(plan: Plan, digest: string): Block[];
  /** Runs what a request asked for, now that its grant is signed. Rejects GRANT_PLAN_MISMATCH when it would run something else. */
  runApproved(request: RequestView, grant: Pick<GrantPayload, 'gid' | 'apr'>): Promise<{ job_id: string }>;
  /** What a command would run for the caller, who need not be allowed to; and who may allow it. Executes nothing. */
  planGrant(wish: GrantWish): Promise<PlannedGrant>;
  /** Asks for a grant over it that is kept for the caller's next fitting command. */
  requestGrant(wish: GrantWish, terms: GrantTerms): Promise<Draft>;
  /** Name of the ledger. */
  origin: string;
  /** Random lower-case hex digits. */
  hex(digits: number): string;
}

/** One recorded drill. Durations in ms, null where they could not be measured. */
export type DrillRow = {
  drill: string;
  at: number;
  verdict: 'PASS' | 'FAIL' | 'UNKNOWN';
  rpo_ms: number | null;
  rto_ms: number | null;
  /** What the runbook asked for then. */
  objective_rpo_ms: number | null;
  objective_rto_ms: number | null;
  job_id: string;
  /** Where it ran; absent in results of versions that did not record it. */
  project?: string;
  env?: string;
  why?: string;
};
/** With the evidence bundle of the run: JSON, Markdown, chart, in-toto statement. */
export type DrillEvidence = DrillRow & { evidence: ArtifactRef[] };
/** One sentinel of reeve.yaml; `written`: when its newest mark was, ms. */
export type SentinelRow = { sentinel: string; kind: string; written: number | null; problem?: string };
export interface DrillReader {
  /** Newest first. */
  history(drill?: string): DrillRow[];
  /** Newest first. */
  evidence(): DrillEvidence[];
  sentinels(): SentinelRow[];
}

export interface ActionContext extends Deps {
  caller: Caller;
  reason: string;
  /** The commands this caller may use. */
  catalogue(): Promise<Catalogue>;
}

interface Common<S extends z.ZodObject> {
  /** Words separated by blanks. */
  name: string;
  summary: string;
  description?: string;
  /** Heading in help. */
  group: string;
  verb: Verb;
  args: S;
  examples: readonly string[];
  aliases?: readonly string[];
  /** False: it takes or shows what chat must not keep, such as a secret. */
  inChat?: false;
  /** It is about what was said where it is asked: in chat it finds that in `caller.conversation`. */
  hears?: {
    /** What the menu of messages calls it. */
    menu: string;
    /** Most messages, and how old the oldest may be, ms. */
    messages: number;
    within: number;
  };
}

/** Changes nothing; needs only a role. */
export interface ReadAction<S extends z.ZodObject = z.ZodObject> extends Common<S> {
  kind: 'read';
  /** Where the role must hold; absent: anywhere. */
  where?(args: z.infer<S>): { project?: string; env?: string };
  run(context: ActionContext, args: z.infer<S>): Promise<Draft> | Draft;
}

/** What an admin action did, for its AdminEvent. */
export interface AdminOutcome extends Draft {
  before?: Json;
  after?: Json;
  targets?: AdminEvent['targets'];
  /** Of a secret or key: makes the event a SecretRotationEvent. */
  rotation?: Pick<SecretRotationEvent, 'secret_name' | 'previous_version' | 'new_version'>;
}

/** What a person is shown before an admin action. */
export interface Preview {
  question: string;
  blocks: Block[];
  /** Digest of the very thing shown, where it can change between the question and the answer. */
  of?: string;
}

/** A direct change under a role: intent → effect → AdminEvent. */
export interface AdminAction<S extends z.ZodObject = z.ZodObject> extends Common<S> {
  kind: 'admin';
  type: AdminActionType;
  /** Refused without a reason. */
  needsReason?: boolean;
  /** Goes on although the ledger cannot be written (halt alone). */
  evenUnrecorded?: boolean;
  /** Arguments that never stand in any record. */
  conceal?: readonly string[];
  /** What it would do; when present the caller is asked first. */
  preview?(context: ActionContext, args: z.infer<S>): Promise<Preview>;
  where?(args: z.infer<S>): { project?: string; env?: string };
  /** `shown`: what was confirmed, for an effect that must be about that and nothing newer. Absent with `--force`. */
  run(context: ActionContext, args: z.infer<S>, shown?: Preview): Promise<AdminOutcome>;
}

/** The job an action wants to run. */
export interface JobWish {
  runbook: string;
  action: string;
  project: string;
  env: string;
  inputs: JsonObject;
  targets?: JsonObject;
  replay_of?: string;
  /** A further attempt of this job instead of a new one; its plan must still be the same. */
  retry_of?: string;
  /** Loud permission without the approvals that policy asks for. */
  break_glass?: boolean;
  /** Ask for a grant instead of using one at once, even where no approval is needed. */
  request_only?: boolean;
  /** What people are shown before the plan: what it comes to, where the plan alone does not say it. */
  shows?: readonly Block[];
}

/** A command that a grant is asked for. */
export interface GrantWish {
  command: string;
  args: JsonObject;
}
export interface GrantTerms {
  uses: number;
  /** From the last approval on, ms. */
  lifetime_ms: number;
}
export interface PlannedGrant {
  plan: Plan;
  digest: string;
  /** At least 1. */
  needs: number;
  /** Without the caller. */
  approvers: string[];
}

/** Runs a runbook as a job under a grant. */
export interface PrivilegedAction<S extends z.ZodObject = z.ZodObject> extends Common<S> {
  kind: 'privileged';
  type: AdminActionType;
  destructive: boolean;
  resolve(context: ActionContext, args: z.infer<S>): Promise<JobWish>;
}

export type Action = ReadAction | AdminAction | PrivilegedAction;

/** Keeps the argument types of one action while it is written down; a list of actions forgets them. */
export const readAction = <S extends z.ZodObject>(action: Omit<ReadAction<S>, 'kind'>): Action =>
  ({ kind: 'read', ...action }) as unknown as Action;
export const adminAction = <S extends z.ZodObject>(action: Omit<AdminAction<S>, 'kind'>): Action =>
  ({ kind: 'admin', ...action }) as unknown as Action;
export const privilegedAction = <S extends z.ZodObject>(action: Omit<PrivilegedAction<S>, 'kind'>): Action =>
  ({ kind: 'privileged', ...action }) as unknown as Action;
