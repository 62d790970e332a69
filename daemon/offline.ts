import path from 'node:path';
import { ReeveError, fail } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import type { LedgerRecord } from '../contracts/record.ts';
import type { Block, Cell, Reply } from '../contracts/reply.ts';
import { plural } from '../contracts/units.ts';
import { canonical } from './canonical.ts';
import { readSettings } from './config.ts';
import { auditCosigns, COSIGN_MARK, COSIGN_TYPES, type CosignReport } from './cosign-audit.ts';
import { homePaths } from './home.ts';
import {
  holdsText,
  proveConsistency,
  proveInclusion,
  readCheckpoint,
  readLedger,
  readTypes,
  showRecord,
  tailLedger,
  verifyLedger,
  type VerifyReport,
} from './ledger/index.ts';

export interface OfflineOptions {
  /** Home whose ledger is read; default: the settings' one. */
  home?: string | undefined;
  /** Folder of a ledger (a backup, a copy), instead of a home's. */
  dir?: string | undefined;
  /** tail: how many records. */
  lines?: number | undefined;
  /** tail: only records of this type. */
  type?: string | undefined;
  /** show, prove: which record. */
  seq?: number | undefined;
  /** prove: that the ledger of this older size is a beginning of the newest checkpoint. */
  since?: number | undefined;
  /** C2SP vkeys to believe, instead of what the ledger says of itself. */
  keys?: string[] | undefined;
  /** verify: a head that was kept elsewhere. */
  anchor?: { size: number; root: string } | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}
export type OfflineCommand = 'verify' | 'tail' | 'show' | 'prove' | 'checkpoint';

/** The ledger commands that need no daemon: they read the files alone, never write, and have their process to themselves. */
export async function offlineLedger(command: OfflineCommand, options: OfflineOptions = {}): Promise<Reply> {
  const dir =
    options.dir === undefined
      ? homePaths(readSettings({ home: options.home }).home).ledger
      : path.resolve(options.dir);
  const name = `ledger ${command}`;
  try {
    return { v: 1, command: name, ok: true, tone: 'info', ...(await run[command](dir, options)) };
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    return {
      v: 1,
      command: name,
      ok: false,
      tone: 'bad',
      title: error.message,
      blocks: [],
      data: null,
      error: error.toResponse(),
    };
  }
}

type Part = Pick<Reply, 'title' | 'blocks' | 'data'> & Partial<Reply>;

const run: Record<OfflineCommand, (dir: string, options: OfflineOptions) => Promise<Part>> = {
  async verify(dir, options) {
    const report = await verifyLedger(dir, {
      ...(options.keys === undefined ? {} : { publicKeys: options.keys }),
      ...(options.anchor === undefined ? {} : { anchored: options.anchor }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      blocking: true,
    });
    // Nothing is not a verified ledger: it is one that was removed, or another folder.
    if (report.size === 0 && report.ok && report.torn === null) throw fail('LEDGER_MISSING', { dir });
    // Who co-signed is worth something only where the records themselves are what was written.
    const cosigned =
      report.ok && (await holdsText(dir, COSIGN_MARK))
        ? await auditCosigns(readTypes(dir, COSIGN_TYPES), report.origin)
        : { verified: 0, problems: [] };
    return verified(dir, { ...report, problems: [...report.problems, ...forged(cosigned)] }, cosigned);
  },
  async tail(dir, { lines = 20, type }) {
    const records: LedgerRecord[] = [];
    // With a type, the whole ledger is looked through: what is asked for may lie far back.
    const all = type === undefined ? tailLedger(dir, lines) : readLedger(dir, 0);
    for await (const record of all) if (type === undefined || record.type === type) records.push(record);
    records.splice(0, Math.max(0, records.length - lines));
    return {
      title:
        records.length === 0
          ? 'The ledger is empty'
          : `The last ${records.length === 1 ? 'record' : plural(records.length, 'record')}`,
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Seq', align: 'right' },
            { label: 'When' },
            { label: 'Type' },
            { label: 'What' },
          ],
          rows: records.map((r): Cell[] => [r.seq, { time: r.ts }, r.type, gist(r)]),
          empty: 'No records yet. Start the daemon: npm start',
        },
      ],
      data: records as unknown as Json,
    };
  },
  async show(dir, { seq }) {
    const record = await showRecord(dir, need(seq));
    return {
      title: `Record ${record.seq}: ${record.type}`,
      blocks: [
        { type: 'fields', fields: [{ label: 'When', value: { time: record.ts } }] },
        { type: 'code', language: 'json', text: JSON.stringify(record.body, null, 2) },
      ],
      data: record as unknown as Json,
    };
  },
  async prove(dir, { seq, since, keys }) {
    const text =
      since === undefined
        ? await proveInclusion(dir, need(seq), keys)
        : await proveConsistency(dir, since, keys);
    const line = since === undefined ? canonical(await showRecord(dir, need(seq))) : null;
    return {
      title:
        since === undefined
          ? `Proof that record ${need(seq)} stands in the signed tree`
          : `Proof that the first ${since} records were never changed`,
      blocks: [{ type: 'code', language: 'tlog-proof', text }],
      data: { proof: text, line },
    };
  },
  async checkpoint(dir, { keys }) {
    const { size, root, note } = await readCheckpoint(dir, keys);
    const hex = Buffer.from(root, 'latin1').toString('hex');
    return {
      title: `Signed checkpoint over ${size} records`,
      blocks: [
        { type: 'code', language: 'signed note', text: note },
        {
          type: 'hint',
          text: `Keep this head elsewhere and check against it later: reeve ledger verify --anchored ${size}:${hex}`,
        },
      ],
      data: { size, root: hex, note },
    };
  },
};

const forged = ({ problems }: CosignReport): VerifyReport['problems'] =>
  problems.map(({ seq, why }) => {
    const { code, message, hint } = fail('LEDGER_COSIGN', { seq, why });
    return { code, message, hint, segment: null, seq };
  });

function verified(dir: string, { ok: whole, ...report }: VerifyReport, cosigned: CosignReport): Part {
  const ok = whole && report.problems.length === 0;
  const first = report.problems[0];
  const blocks: Block[] = [
    {
      type: 'fields',
      fields: [
        { label: 'Ledger', value: report.origin ?? dir },
        { label: 'Records', value: report.size },
        { label: 'Bytes', value: { bytes: report.bytes } },
        { label: 'Merkle root', value: { id: report.root } },
        {
          label: 'Checkpoints',
          value: `${report.checkpoints.verified} signatures verified; ${plural(report.unsigned, 'record')} after the newest`,
        },
        ...(cosigned.verified === 0
          ? []
          : [
              { label: 'Co-signatures', value: `${cosigned.verified} verified with the approvers' own keys` },
            ]),
        ...(report.torn === null
          ? []
          : [
              {
                label: 'Torn tail',
                value: `${report.torn.bytes} bytes in ${report.torn.segment}; the next start heals it`,
              },
            ]),
      ],
    },
    ...(report.problems.length === 0
      ? []
      : [
          {
            type: 'table' as const,
            columns: [{ label: 'Where' }, { label: 'What' }],
            rows: report.problems.map((p): Cell[] => [
              `${p.segment ?? ''}${p.seq === null ? '' : ` record ${p.seq}`}`,
              { tone: 'bad', text: p.message },
            ]),
            empty: '',
          },
        ]),
  ];
  return {
    ok,
    tone: ok ? 'good' : 'bad',
    title: ok
      ? `Verified: all ${report.size} records, nothing changed, nothing missing`
      : `Broken: ${first?.message ?? 'see below'}`,
    blocks,
    data: { ok, ...report, cosignatures: cosigned.verified } as unknown as Json,
    ...(first === undefined
      ? {}
      : {
          error: {
            code: first.code,
            status: 500,
            message: first.message,
            hint: first.hint,
            ...(first.segment === null ? {} : { at: first.segment }),
          },
        }),
  };
}

function need(seq: number | undefined): number {
  if (seq === undefined || !Number.isSafeInteger(seq) || seq < 0)
    throw fail('ARGUMENTS_INVALID', { command: 'ledger show', why: 'name a record by its number' });
  return seq;
}

/** The few words that tell one record from its neighbours. */
function gist(record: LedgerRecord): string {
  const body = record.body as Record<string, unknown>;
  const words: string[] = [];
  for (const key of [
    'action_type',
    'command',
    'step',
    'status',
    'job_id',
    'gid',
    'lock',
    'schedule',
    'drill',
    'verdict',
    'config_name',
    'reason',
    'why',
  ]) {
    const value = body[key];
    if (typeof value === 'string' && value !== '') words.push(`${key}=${value.slice(0, 60)}`);
  }
  const error = body['error'];
  if (typeof error === 'object' && error !== null && 'code' in error)
    words.push(`code=${String(error.code)}`);
  const attempt = body['attempt'];
  if (typeof attempt === 'object' && attempt !== null && 'status' in attempt)
    words.push(`status=${String(attempt.status)}`);
  return words.slice(0, 4).join(' ');
}
