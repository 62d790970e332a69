import type { AlertBody } from '../../contracts/records/alert.ts';
import { cut } from '../text.ts';
import { activeHeal, alertKey, type HealRow, type IncidentRow } from './state.ts';

/** The alert about an open incident: what is wrong, what is done about it, and what to do next. A function of the row. */
export function alertOf(row: IncidentRow): AlertBody {
  const { id, severity, source, title, project, env, probe, text } = row.body;
  const calls = needsPerson(row);
  return {
    key: alertKey(id),
    // Whatever was to be told in the morning: nothing heals it any more by itself.
    severity: calls ? 'page' : severity,
    source,
    title,
    text: cut(
      [
        text,
        ...(row.reopened === 0
          ? []
          : [`It came back ${row.reopened === 1 ? 'once' : `${row.reopened} times`}.`]),
        ...healingLines(row),
        ...nextLines(row),
      ]
        .filter((line) => line !== '')
        .join('\n'),
      3900,
    ),
    project,
    // Not an environment but the lack of one.
    ...(env === 'none' ? {} : { env }),
    ...(probe === undefined ? {} : { probe }),
    incident: id,
  };
}

/** Healing was tried and is at its end. */
function needsPerson({ decision, heals }: IncidentRow): boolean {
  if (decision?.decision === 'breaker_open' || decision?.decision === 'budget_spent') return true;
  const last = heals.at(-1)?.ended;
  return last?.outcome === 'unknown' || last?.rolled_back === 'failed';
}

function healingLines(row: IncidentRow): string[] {
  const { decision, heals } = row;
  const ended = heals.flatMap((heal) => (heal.ended === null ? [] : [endedLine(heal)]));
  const active = activeHeal(row);
  if (active !== undefined)
    return [
      ...ended,
      active.verified?.up === false
        ? `${active.rule} did not heal it and is being rolled back.`
        : `${active.rule} is healing it${active.job === null ? '' : `: reeve jobs show ${active.job}`}`,
    ];
  if (decision === null || decision.decision === 'run') return ended;
  const { rule, why } = decision;
  const said: Record<string, string> = {
    waits: `${rule} waits: ${why}`,
    not_allowed: `${rule} may not heal it: ${why}\nreeve config diff heal:${rule}`,
    budget_spent: `${rule} does nothing more: ${why}\nreeve heal reset ${rule} --reason …`,
    breaker_open: `${rule} does nothing more: ${why}\nreeve heal reset ${rule} --reason …`,
    recovered: '',
  };
  return [...ended, said[decision.decision] ?? ''];
}

function endedLine({ rule, n, job, ended }: HealRow): string {
  if (ended === null) return '';
  const { outcome, rolled_back, why } = ended;
  const undone = {
    no: 'nothing was rolled back',
    done: 'it was rolled back',
    failed: 'ROLLING IT BACK FAILED',
  }[rolled_back];
  if (outcome === 'healed') return `${rule} healed it (heal ${n}), yet it is open.`;
  const words = outcome === 'unknown' ? 'has an unknown outcome' : 'did not heal it';
  const look =
    outcome === 'unknown' && job !== null ? `\nreeve jobs resolve ${job} --as pass|fail --reason …` : '';
  return `${rule} ${words} (heal ${n}; ${undone ?? rolled_back}): ${why}${look}`;
}

function nextLines({ body: { id, source, job, cause, severity } }: IncidentRow): string[] {
  const short = id.slice(0, 12);
  return [
    `What happened: reeve incidents show ${short}`,
    `Take it on: reeve incidents ack ${short}`,
    ...(job === undefined ? [] : [`What the job said: reeve jobs logs ${job}`]),
    ...(job !== undefined && source === 'deploy' && severity === 'page'
      ? [`Look what it did, then: reeve jobs resolve ${job} --as pass|fail --reason …`]
      : []),
    ...(source === 'person' ? [`When it is over: reeve incidents resolve ${short} --why …`] : []),
    ...(cause.startsWith('probe:') ? [`Ask again now: reeve probe run ${cause.slice(6)}`] : []),
  ];
}
