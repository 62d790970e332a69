import { Plan, wholePlan } from '../../../contracts/plan.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import type { Grants, RequestView } from '../../ports/grants.ts';
import { readBack } from '../../read-back.ts';
import type { ChatDeps } from '../deps.ts';
import { PARTS, chatProjection } from '../projection.ts';
import type { Card } from './card.ts';

type End = LedgerRecord<'grant.revoked'> | LedgerRecord<'config.version'>;
type Kept = { request: RequestView; grant: Awaited<ReturnType<Grants['list']>>[number] };
const ESTATE = 'reeve.yaml';
const RUNBOOK = 'runbook:';

export const isEnd = (record: LedgerRecord): record is End =>
  record.type === 'grant.revoked' ||
  (record.type === 'config.version' &&
    (record.body.config_name === ESTATE || record.body.config_name.startsWith(RUNBOOK)));

/** To each who was told that a grant is kept for a command of theirs: it opens nothing any more, and why. */
export async function endOfKept(record: End, deps: ChatDeps): Promise<Card[]> {
  if (record.type === 'grant.revoked') {
    const { reason, by } = record.body;
    // One record may end several; each is told of once, by the record that ended it.
    const ended = (await kept(deps, record)).filter(
      ({ grant: { revoked } }) => revoked?.at === record.ts && revoked.by === by && revoked.reason === reason,
    );
    return fitting(ended.map((one) => over(one, `${by} revoked it: ${reason}`, deps)));
  }
  const there = await kept(deps, record);
  // Looked for only where it matters: the version before may be far back.
  const before = there.length === 0 ? undefined : await versionBefore(deps, record);
  if (before === undefined || before === record.body.digest) return [];
  const what = changedBy(record.body.config_name, before);
  const cards: Card[] = [];
  for (const one of there) {
    const { digest = '' } = one.request.plan_ref;
    const plan = Plan.parse(JSON.parse(Buffer.from(await deps.artifacts.get(digest)).toString('utf8')));
    const name = what(plan);
    if (name !== undefined)
      cards.push(
        over(
          one,
          `${name} is part of the plan that was approved, and has changed. Put back as it was, the grant counts again`,
          deps,
        ),
      );
  }
  return fitting(cards);
}

/** What of a plan is another one now, for people: the configuration, its runbook, or one that it calls. */
const changedBy =
  (config_name: string, before: string) =>
  (plan: Plan): string | undefined => {
    if (config_name === ESTATE) return plan.config_version === before ? ESTATE : undefined;
    const id = config_name.slice(RUNBOOK.length);
    return wholePlan(plan).some((part) => part.runbook === id && part.runbook_digest === before)
      ? `the runbook ${id}`
      : undefined;
  };

/** As many as a record has room for; of more, the last one is for the rest of them together, beside the requests. */
function fitting(cards: Card[]): Card[] {
  if (cards.length <= PARTS) return cards;
  const rest = cards.slice(PARTS - 1);
  return [
    ...cards.slice(0, PARTS - 1),
    {
      topic: 'approvals',
      tone: 'warn',
      title: `${rest.length} kept grants open nothing any more`,
      blocks: rest.slice(0, 20).flatMap(({ blocks }) => blocks.slice(0, 1)),
      call: [...new Set(rest.flatMap(({ call = [] }) => call))],
    },
  ];
}

/** What could still be used when this was recorded, but for it. */
async function kept({ grants }: ChatDeps, { ts, type }: End): Promise<Kept[]> {
  const all = new Map((await grants.list()).map((grant) => [grant.gid, grant]));
  return (await grants.requests()).flatMap((request) => {
    const grant = request.keep === true && request.gid !== null ? all.get(request.gid) : undefined;
    if (grant === undefined || grant.used >= grant.uses || grant.exp <= ts || grant.nbf > ts) return [];
    // What was revoked before has been told of.
    if (type === 'config.version' && grant.revoked !== null && grant.revoked.at <= ts) return [];
    return [{ request, grant }];
  });
}

async function versionBefore(
  { ledger }: ChatDeps,
  { seq, body: { config_name } }: LedgerRecord<'config.version'>,
): Promise<string | undefined> {
  const found = await readBack(
    ledger,
    { before: seq, since: 0 },
    (one): one is LedgerRecord<'config.version'> =>
      one.type === 'config.version' && one.body.config_name === config_name,
  );
  return found?.body.digest;
}

function over({ request, grant }: Kept, why: string, deps: ChatDeps): Card {
  const { id, by, cap, project, command } = request;
  const [action, env] = cap.split(':');
  const where = own(deps.state.get(chatProjection).requests.by, id);
  return {
    topic: 'approvals',
    tone: 'warn',
    title: `${by}'s grant for ${action} on ${project}/${env} opens nothing any more`,
    blocks: [
      {
        type: 'fields',
        fields: [
          { label: 'Request', value: id },
          { label: 'Grant', value: grant.gid },
          { label: 'Used', value: `${grant.used} of ${grant.uses}` },
          { label: 'Why', value: why },
        ],
      },
      { type: 'hint', text: `What it was for needs a new one: \`/reeve grant request\` for ${command}` },
    ],
    ...(where === undefined ? {} : { where }),
    call: [by],
  };
}
