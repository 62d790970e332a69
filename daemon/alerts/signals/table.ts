import type { LedgerRecord, RecordType } from '../../../contracts/record.ts';
import type { AlertBody } from '../../../contracts/records/alert.ts';
import { plural } from '../../../contracts/units.ts';
import { cut } from '../../text.ts';

/** What a record of the ledger means for people. */
export type Signal = { raise: AlertBody } | { clear: string; why: string };

/** What is remembered of a job until it has ended. */
export interface JobNote {
  runbook: string;
  action: string;
  project: string;
  env: string;
  title: string;
  /** Started by a schedule, a rule or a webhook, not by a person who looks at it. */
  unattended: boolean;
  parent: boolean;
}

export interface Known {
  job(id: string): JobNote | undefined;
  /** The daemon has started and not stopped. */
  running: boolean;
}

type Table = { [T in RecordType]?: (record: LedgerRecord<T>, known: Known) => Signal[] };

/** One alert for the same work, however often it fails: the next run that passes ends it. */
const jobKey = ({ runbook, project, env }: JobNote): string => `job:${runbook}:${project}/${env}`;

/** Alerts about what happened once: they are over when somebody has seen them. */
const ONCE = new Set(['ledger:disk_full', 'ledger:repaired', 'daemon:clock', 'daemon:crash']);
/** A channel of chat, by its id: one that is given up for another is never posted to again, so that seeing it is an end, too. */
const CHANNEL = 'chat:';

/** What fails there opens an incident (daemon/incidents/due.ts), which has an alert of its own. */
const INCIDENTS = new Set(['run_drill', 'deploy', 'promote', 'rollback', 'patch']);

/** Reeve's own records that people expect to hear of. Each has an end, or stands in ONCE. */
export const TABLE: Table = {
  'job.attempt': ({ body }, known) => {
    const { job_id, status, error_code } = body.attempt;
    const job = known.job(job_id);
    // A called job's failure is its caller's, one that has an incident is told with that, and a retry may still pass.
    if (job === undefined || job.parent || INCIDENTS.has(job.action) || body.retry_at !== undefined)
      return [];
    if (status === 'PASS') return job.unattended ? [{ clear: jobKey(job), why: `${job_id} passed` }] : [];
    const unknown = status === 'UNKNOWN';
    if (!unknown && !(job.unattended && (status === 'FAIL' || status === 'TIMED_OUT'))) return [];
    return [
      {
        raise: {
          key: job.unattended ? jobKey(job) : `job:${job_id}`,
          severity: 'warn',
          source: 'schedule',
          title: cut(`${job.title} ${unknown ? 'has an unknown outcome' : 'failed'}`, 200),
          text: [
            [body.why ?? status, ...(error_code === undefined ? [] : [`(${error_code})`])].join(' '),
            unknown
              ? `Look what it did, then: reeve jobs resolve ${job_id}`
              : `What it said: reeve jobs logs ${job_id}`,
          ].join('\n'),
          project: job.project,
          ...(job.env === 'none' ? {} : { env: job.env }),
        },
      },
    ];
  },
  'job.resolved': ({ body }, known) => {
    const job = known.job(body.job_id);
    const why = `${body.by}: ${body.as}, ${body.reason}`;
    return [
      { clear: `job:${body.job_id}`, why },
      ...(job?.unattended === true ? [{ clear: jobKey(job), why }] : []),
    ];
  },
  'mandate.suspended': ({ body: { id, why } }) => [
    why.startsWith('its entry was removed')
      ? { clear: `mandate:${id}`, why }
      : {
          raise: {
            key: `mandate:${id}`,
            severity: 'warn',
            source: 'schedule',
            title: cut(`${id} does not run any more`, 200),
            text: `${why}. Somebody must read the difference and accept it:\nreeve config diff ${id}\nreeve config accept ${id}`,
          },
        },
  ],
  'mandate.accepted': ({ body }) => [{ clear: `mandate:${body.mandate.id}`, why: `accepted by ${body.by}` }],
  'review.opened': ({ body }) => [
    {
      raise: {
        key: `review:${body.id}`,
        severity: 'page',
        source: 'person',
        title: 'Break-glass was used: approvals were skipped',
        text: [
          `Reason: ${body.reason}`,
          `Skipped: ${body.skipped.join(', ') || 'nobody'}`,
          ...(body.job === undefined ? [] : [`Job: ${body.job}`]),
          `Look at it, then: reeve review close ${body.id}`,
        ].join('\n'),
      },
    },
  ],
  'review.closed': ({ body }) => [{ clear: `review:${body.id}`, why: `${body.by}: ${body.verdict}` }],
  'config.refused': ({ body }) => [
    {
      raise: {
        key: `config:${body.config_name}`,
        severity: 'warn',
        source: 'daemon',
        title: cut(`A new version of ${body.config_name} was refused; the one before stays in force`, 200),
        text: `${body.problems.slice(0, 10).join('\n')}\nAll of it: reeve config check`,
      },
    },
  ],
  'config.restored': ({ body }) => [
    { clear: `config:${body.config_name}`, why: 'the file is again the version in force' },
  ],
  'config.version': ({ body }) => [
    { clear: `config:${body.config_name}`, why: 'a valid version is in force' },
  ],
  'ledger.disk_full': ({ body }) => [
    {
      raise: {
        key: 'ledger:disk_full',
        severity: 'page',
        source: 'daemon',
        title: 'The disk of the ledger was full',
        text: `${plural(body.refused, 'record')} ${body.refused === 1 ? 'was refused, and what it' : 'were refused, and what they'} stood for did not happen. It can be written again now; make room before it is full once more.`,
      },
    },
  ],
  'ledger.repaired': ({ body }) => [
    {
      raise: {
        key: 'ledger:repaired',
        severity: 'warn',
        source: 'daemon',
        title: 'The ledger had a torn end, which was cut off',
        text: `${body.cut_bytes} bytes that were never confirmed are kept in ${body.aside}. Usually the machine lost power.`,
      },
    },
  ],
  // What nobody could be told, such as a request for approval, must not be missed in silence.
  'chat.posted': ({ body: { platform, at, channel, why = '' } }) => {
    if (at !== undefined)
      return [{ clear: `${CHANNEL}${platform}/${at.channel}`, why: 'a message was posted there' }];
    if (channel === undefined) return [];
    return [
      {
        raise: {
          key: `${CHANNEL}${platform}/${channel}`,
          severity: 'warn',
          source: 'daemon',
          title: `A message could not be posted in the channel ${channel} of ${platform}`,
          text: `${why}. It is not tried again; what it said stands in the ledger.\nWhat the bot lacks there, and what to click: reeve doctor`,
        },
      },
    ];
  },
  'daemon.clock_jumped': ({ body: { by_ms, seen } }) =>
    seen === 'suspended' || Math.abs(by_ms) < 60_000
      ? []
      : [
          {
            raise: {
              key: 'daemon:clock',
              severity: 'warn',
              source: 'daemon',
              title: `The clock was set ${seen} by ${Math.round(Math.abs(by_ms) / 1000)} s`,
              text: 'Schedules and the lifetimes of grants go by this clock. Look at its time synchronisation.',
            },
          },
        ],
  'daemon.started': (_record, known) => [
    { clear: 'config:reeve.yaml', why: 'a valid version is in force' },
    ...(known.running
      ? [
          {
            raise: {
              key: 'daemon:crash',
              severity: 'warn' as const,
              source: 'daemon' as const,
              title: 'Reeve did not end by itself and was started again',
              text: 'It was killed, or the machine went down. What ran then is UNKNOWN: reeve jobs list --status UNKNOWN',
            },
          },
        ]
      : []),
  ],
  'zone.drift': ({ body }) =>
    body.mode === 'warn'
      ? []
      : [
          {
            raise: {
              key: 'zone:drift',
              severity: 'warn',
              source: 'daemon',
              title: 'Files of the system zone were changed, so nothing privileged runs',
              text: `${body.files.slice(0, 10).join('\n')}\nIf that was meant: reeve zones accept`,
            },
          },
        ],
  'zone.accepted': ({ body }) => [{ clear: 'zone:drift', why: `accepted by ${body.by}` }],
  'alert.acknowledged': ({ body }) =>
    ONCE.has(body.key) || body.key.startsWith(CHANNEL)
      ? [{ clear: body.key, why: `seen by ${body.by}` }]
      : [],
};

/** What this record means for people. */
export const signalsOf = (record: LedgerRecord, known: Known): Signal[] => {
  const read = TABLE[record.type] as ((record: LedgerRecord, known: Known) => Signal[]) | undefined;
  return read?.(record, known) ?? [];
};
