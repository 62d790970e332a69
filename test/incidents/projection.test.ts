import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordBody, RecordType } from '../../contracts/record.ts';
import { recordBodies } from '../../contracts/record.ts';
import { incidentsProjection, isBusy, openOf, rowOf } from '../../daemon/incidents/projection.ts';
import { MAX_CLOSED, MAX_HEALS, MAX_LINKS, type IncidentsState } from '../../daemon/incidents/state.ts';
import { findIncident, listIncidents, ruleViews } from '../../daemon/incidents/views.ts';
import { DIGEST, jobId } from './rig.ts';

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const inc = pick('inc_0000000000000001', 'inc_0000000000000002', 'inc_0000000000000003');
const probe = pick('web', 'api', 'constructor');
const rule = pick('again', 'other', 'constructor');
const job = fc.nat(4).map((n) => jobId(n));
const why = fc.string({ maxLength: 30 });
const cause = pick('probe:web', 'probe:api', 'deploy:shop/dev', 'person:1', 'drill:restore:shop/dev');

type Made = { [T in RecordType]: { type: T; body: RecordBody<T> } }[RecordType];
const of = <T extends RecordType>(
  type: T,
  body: { [K in keyof RecordBody<T>]: fc.Arbitrary<RecordBody<T>[K]> },
) => fc.record(body as never).map((made) => ({ type, body: made }) as unknown as Made);

const anyRecord: fc.Arbitrary<Made> = fc.oneof(
  fc
    .record({
      probe,
      from: pick('up', 'down', 'pending'),
      to: pick('up', 'down', 'halted', 'degraded', 'pending', 'inconclusive'),
      excuse: pick({}, {}, {}, { cause: 'gate' }, { maintenance: 'nightly' }),
    })
    .map(({ excuse, ...rest }) => ({
      type: 'probe.transition' as const,
      body: { ...rest, kind: 'tcp', since: 5, why: 'x', ...excuse } as RecordBody<'probe.transition'>,
    })),
  fc
    .record({
      id: inc,
      cause,
      severity: pick('page', 'warn', 'info'),
      source: pick('probe', 'person', 'deploy'),
    })
    .map((more) => ({
      type: 'incident.opened' as const,
      body: {
        ...more,
        title: 't',
        project: 'shop',
        env: 'dev',
        probe: 'web',
        text: '',
        began: 1,
        by: 'daemon',
      } as RecordBody<'incident.opened'>,
    })),
  of('incident.acknowledged', { id: inc, by: pick('ana'), note: why }),
  of('incident.noted', { id: inc, by: pick('ana'), text: why }),
  of('incident.linked', { id: inc, kind: pick('caused_by', 'related'), job, by: pick('ana') } as never),
  of('incident.resolved', { id: inc, by: pick('ana', 'daemon'), why, ended: fc.nat() }),
  of('incident.reopened', { id: inc, by: pick('daemon'), why }),
  of('incident.reviewed', { id: inc, by: pick('ana'), summary: why, actions: pick([]) }),
  of('incident.postmortem', {
    id: inc,
    artifact: pick({ ref: `artifact:${DIGEST}`, digest: DIGEST }) as never,
    path: pick(null, 'a.md'),
    final: fc.boolean(),
  }),
  of('heal.decided', {
    incident: inc,
    rule,
    decision: pick('run', 'run', 'waits', 'not_allowed', 'recovered', 'breaker_open'),
    why,
    n: fc.nat(4),
  }),
  of('heal.started', { incident: inc, rule, job }),
  of('heal.verified', { incident: inc, rule, job, up: fc.boolean(), why }),
  of('heal.ended', {
    incident: inc,
    rule,
    job,
    outcome: pick('healed', 'failed', 'unknown'),
    why,
    rolled_back: pick('no', 'done', 'failed'),
  }),
  of('heal.breaker_opened', { rule, incident: inc, why }),
  of('heal.breaker_closed', { rule, by: pick('ana'), reason: why }),
  fc
    .record({ id: inc, kind: pick('alert.raised', 'alert.resolved', 'alert.acknowledged') })
    .map(({ id, kind }) => {
      const key = `incident:${id}`;
      const bodies = {
        'alert.raised': { key, severity: 'page', source: 'probe', title: 't', text: '' },
        'alert.resolved': { key, why: '' },
        'alert.acknowledged': { key, by: 'ben', note: '' },
      };
      return { type: kind, body: bodies[kind as keyof typeof bodies] } as unknown as Made;
    }),
  fc
    .record({
      job_id: job,
      incident: inc,
      n: fc.integer({ min: 1, max: 4 }),
      undo: fc.boolean(),
      action: pick('heal', 'deploy'),
    })
    .map(
      ({ job_id, incident, n, undo, action }) =>
        ({
          type: 'job.queued',
          body: {
            job: {
              job_id,
              action,
              runbook: 'again',
              project: 'shop',
              env: 'dev',
              requested_by: 'daemon',
              anchor: { kind: 'incident', id: `${incident}#${n}${undo ? '/rollback' : ''}` },
            },
          },
        }) as unknown as Made,
    ),
  fc.record({ job_id: job, status: pick('RUNNING', 'PASS', 'FAIL', 'UNKNOWN', 'CANCELLED') }).map(
    ({ job_id, status }) =>
      ({
        type: 'job.attempt',
        body: { attempt: { job_id, status }, fence: 1, owner: '' },
      }) as unknown as Made,
  ),
  fc.record({ verdict: pick('PASS', 'FAIL', 'UNKNOWN'), job_id: job }).map(
    (more) =>
      ({
        type: 'drill.result',
        body: { ...more, drill: 'restore', project: 'shop', env: 'dev' },
      }) as unknown as Made,
  ),
);

const fold = (made: readonly Made[], from = incidentsProjection.initial(), seq = 0): IncidentsState =>
  made.reduce(
    (state, one, i) => incidentsProjection.apply(state, { v: 1, seq: seq + i, ts: 1000 + seq + i, ...one }),
    from,
  );

function isSound(state: IncidentsState): void {
  const ids = Object.keys(state.open);
  expect(state.size).toBe(ids.length);
  expect(Object.values(state.causes).toSorted()).toEqual(ids.toSorted());
  for (const [id, row] of Object.entries(state.open)) {
    expect(row.body.id).toBe(id);
    expect(row.resolved).toBeNull();
    expect(openOf(state, row.body.cause)).toBe(row);
    // Whoever has an incident is asked for no other.
    expect(state.due[row.body.cause]?.open).toBeUndefined();
  }
  for (const row of state.closed) {
    expect(row.resolved).not.toBeNull();
    expect(Object.hasOwn(state.open, row.body.id)).toBe(false);
  }
  expect(new Set(state.closed.map(({ body }) => body.id)).size).toBe(state.closed.length);
  for (const row of [...state.closed, ...Object.values(state.open)]) {
    expect(row.heals.length).toBeLessThanOrEqual(MAX_HEALS);
    expect(row.links.length).toBeLessThanOrEqual(MAX_LINKS);
    expect(row.last).toBeGreaterThanOrEqual(row.from);
  }
  for (const due of Object.values(state.due)) expect(Object.keys(due).length).toBeGreaterThan(0);
  for (const view of listIncidents(state)) expect(findIncident(state, view.id)).toEqual(view);
  expect(ruleViews(state, {}, 0)).toEqual([]);
  expect(typeof isBusy(state)).toBe('boolean');
}

test('whatever comes, the fold stays sound, and folding on from a snapshot is folding from the start', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 120 }), fc.nat(), (records, at) => {
      const whole = fold(records);
      isSound(whole);
      const cut = records.length === 0 ? 0 : at % records.length;
      const half = JSON.parse(JSON.stringify(fold(records.slice(0, cut)))) as IncidentsState;
      isSound(half);
      expect(fold(records.slice(cut), half, cut)).toEqual(JSON.parse(JSON.stringify(whole)));
    }),
    { numRuns: 400 },
  );
});

test('it is bounded: incidents, triggers, deployments and rules without end', () => {
  const many = 3000;
  const id = (n: number): string => `inc_${n.toString(16).padStart(16, '0')}`;
  let state = incidentsProjection.initial();
  for (let n = 0; n < many; n++)
    state = fold(
      [
        {
          type: 'probe.transition',
          body: { probe: `p${n}`, kind: 'tcp', from: 'up', to: 'down', since: 1, why: 'x'.repeat(500) },
        },
        {
          type: 'incident.opened',
          body: {
            id: id(n),
            title: 't',
            severity: 'page',
            source: 'probe',
            cause: `probe:p${n}`,
            project: 'shop',
            env: 'dev',
            text: 'x'.repeat(4000),
            began: 1,
            by: 'daemon',
          },
        },
        { type: 'incident.resolved', body: { id: id(n), by: 'daemon', why: 'x'.repeat(4000), ended: 2 } },
        {
          type: 'incident.postmortem',
          body: { id: id(n), artifact: { ref: 'x', digest: DIGEST }, path: null, final: false },
        },
        {
          type: 'probe.transition',
          body: { probe: `q${n}`, kind: 'tcp', from: 'up', to: 'down', since: 1, why: 'x'.repeat(500) },
        },
        { type: 'heal.breaker_closed', body: { rule: `r${n}`, by: 'ana', reason: '' } },
      ] as Made[],
      state,
      n * 6,
    );
  expect(state.closed).toHaveLength(MAX_CLOSED);
  expect(rowOf(state, id(0))).toBeUndefined();
  expect(rowOf(state, id(many - 1))?.body.text).toHaveLength(1000);
  expect(Object.keys(state.due).length).toBeLessThanOrEqual(2000);
  expect(Object.keys(state.rules).length).toBeLessThanOrEqual(1000);
  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(5_000_000);
});

test('ids are found by prefix, among what may be seen', () => {
  const open = (id: string, project: string, cause: string): Made => ({
    type: 'incident.opened',
    body: {
      id,
      title: 't',
      severity: 'warn',
      source: 'person',
      cause,
      project,
      env: 'dev',
      text: '',
      began: 1,
      by: 'ana',
    },
  });
  const state = fold([
    open('inc_abcd000000000001', 'shop', 'a:1'),
    open('inc_abcd000000000002', 'other', 'a:2'),
    open('inc_abce000000000003', 'shop', 'a:3'),
  ]);
  const code = (text: string, may?: (p: string) => boolean): string => {
    try {
      return findIncident(state, text, may === undefined ? undefined : ({ project }) => may(project)).id;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(code('abce')).toBe('inc_abce000000000003');
  expect(code('inc_abcd')).toBe('INCIDENT_AMBIGUOUS');
  expect(code('inc_abcd', (p) => p === 'shop')).toBe('inc_abcd000000000001');
  expect(code('inc_abce', (p) => p === 'other')).toBe('INCIDENT_NOT_FOUND');
  for (const odd of ['abc', 'inc_', '__proto__', 'inc_abcg', ''])
    expect(code(odd)).toBe('INCIDENT_NOT_FOUND');
});

test('every record type of incidents and healing is folded or on purpose left alone', () => {
  const known = Object.keys(recordBodies).filter((type) => /^(incident|heal)\./.test(type));
  expect(known.toSorted()).toEqual(
    [
      'heal.breaker_closed',
      'heal.breaker_opened',
      'heal.decided',
      'heal.ended',
      'heal.started',
      'heal.verified',
      'incident.acknowledged',
      'incident.linked',
      'incident.noted',
      'incident.opened',
      'incident.postmortem',
      'incident.reopened',
      'incident.resolved',
      'incident.reviewed',
    ].toSorted(),
  );
});
