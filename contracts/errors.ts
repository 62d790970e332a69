import { z } from 'zod';
import { adminErrors } from './errors/admin.ts';
import { alertErrors } from './errors/alert.ts';
import { apiErrors } from './errors/api.ts';
import { chatErrors } from './errors/chat.ts';
import { cosignErrors } from './errors/cosign.ts';
import { cliErrors } from './errors/cli.ts';
import { configErrors } from './errors/config.ts';
import { drillErrors } from './errors/drill.ts';
import { githubErrors } from './errors/github.ts';
import { grantErrors } from './errors/grant.ts';
import { incidentErrors } from './errors/incident.ts';
import { jobErrors } from './errors/job.ts';
import { ledgerErrors } from './errors/ledger.ts';
import { linearErrors } from './errors/linear.ts';
import { practiceErrors } from './errors/practice.ts';
import { probeErrors } from './errors/probe.ts';
import { ruleErrors } from './errors/rule.ts';
import { runbookErrors } from './errors/runbook.ts';
import { releaseErrors } from './errors/release.ts';
import { EXIT, type ErrorTable } from './errors/table.ts';
import { syncErrors } from './errors/sync.ts';
import { plural } from './units.ts';
import { webhookErrors } from './errors/webhook.ts';
import { zoneErrors } from './errors/zone.ts';

export { EXIT };

/**
 * The whole table of error codes; ERRORS.md is generated from it and a test keeps the two equal. `{name}` in a message or
 * hint is filled from the error's params, `{count approval}` as `1 approval` or `2 approvals`. The hint is the next thing to do.
 */
export const errorTable = {
  ...adminErrors,
  ...alertErrors,
  ...apiErrors,
  ...chatErrors,
  ...cosignErrors,
  ...cliErrors,
  ...configErrors,
  ...drillErrors,
  ...githubErrors,
  ...grantErrors,
  ...incidentErrors,
  ...jobErrors,
  ...ledgerErrors,
  ...linearErrors,
  ...practiceErrors,
  ...probeErrors,
  ...ruleErrors,
  ...runbookErrors,
  ...releaseErrors,
  ...syncErrors,
  ...webhookErrors,
  ...zoneErrors,
} as const satisfies ErrorTable;

export type ErrorCode = keyof typeof errorTable;

/** The thin error every surface shows: `{code, status, message, hint}` and, for files, where. */
export const ErrorResponse = z.object({
  code: z.string().max(64),
  status: z.int().min(400).max(599),
  message: z.string().max(4000),
  hint: z.string().max(1000),
  /** `file:line` when the mistake is in a file. */
  at: z.string().max(1000).optional(),
  /** Further problems of the same kind (all mistakes of a file at once). */
  more: z.array(z.string().max(1000)).max(50).optional(),
  /** Seq of the ledger record of this refusal. */
  ledger_seq: z.int().min(0).optional(),
});
export type ErrorResponse = z.infer<typeof ErrorResponse>;

export type ErrorParams = Record<string, string | number>;

/** An error for the person who reads it. `message` is already filled in; `cause` keeps the original. */
export class ReeveError extends Error {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  readonly at: string | undefined;
  readonly more: string[] | undefined;

  constructor(
    code: ErrorCode,
    params: ErrorParams = {},
    options: { cause?: unknown; at?: string; more?: string[] } = {},
  ) {
    super(
      fill(errorTable[code].message, params),
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.name = 'ReeveError';
    this.code = code;
    this.params = params;
    this.at = options.at;
    this.more = options.more;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
  get exit(): number {
    return EXIT[errorTable[this.code].exit];
  }
  get hint(): string {
    return fill(errorTable[this.code].hint, this.params);
  }

  toResponse(): ErrorResponse {
    return {
      code: this.code,
      status: this.status,
      message: this.message.slice(0, 4000),
      hint: this.hint.slice(0, 1000),
      ...(this.at === undefined ? {} : { at: this.at }),
      ...(this.more === undefined ? {} : { more: this.more.slice(0, 50) }),
    };
  }
}

/** Shorthand: `throw fail('GRANT_EXPIRED', { gid })`. */
export function fail(
  code: ErrorCode,
  params: ErrorParams = {},
  options: { cause?: unknown; at?: string; more?: string[] } = {},
): ReeveError {
  return new ReeveError(code, params, options);
}

function fill(template: string, params: ErrorParams): string {
  return template.replace(/\{(\w+)(?: ([a-z]+))?\}/g, (whole, name: string, noun?: string) => {
    if (!Object.hasOwn(params, name)) return whole;
    return noun === undefined ? String(params[name]) : plural(Number(params[name]), noun);
  });
}
