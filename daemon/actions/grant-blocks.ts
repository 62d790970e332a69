import type { GrantView } from '../../contracts/grant.ts';
import type { Block, Cell } from '../../contracts/reply.ts';
import type { PublicKeyInfo } from '../ports/keys.ts';

/** Keys as a table. */
export const keyRows = (keys: readonly PublicKeyInfo[]): Block => ({
  type: 'table',
  columns: [{ label: 'Key' }, { label: 'For' }, { label: 'Made' }, { label: 'State' }],
  rows: keys.map((k): Cell[] => [
    k.kid,
    k.purpose,
    { time: k.created },
    k.retired === null ? { tone: 'good', text: 'signs' } : { tone: 'warn', text: 'retired' },
  ]),
  empty: 'No keys.',
});

/** One grant in full. */
export const grantFields = (g: GrantView): Block => ({
  type: 'fields',
  fields: [
    { label: 'Grant', value: g.gid },
    { label: 'State', value: { tone: g.state === 'active' ? 'good' : 'warn', text: g.state } },
    { label: 'For', value: g.sub },
    { label: 'Projects', value: g.prj.join(', ') },
    { label: 'Allows', value: g.cap.join(', ') },
    { label: 'Class', value: g.cls },
    { label: 'Uses', value: `${g.used} of ${g.uses}` },
    { label: 'Valid until', value: { time: g.exp } },
    ...(g.plan === undefined ? [] : [{ label: 'Only for plan', value: { id: g.plan } }]),
    { label: 'Issued by', value: `${g.iss}${g.apr.length > 0 ? `, approved by ${g.apr.join(', ')}` : ''}` },
    ...(g.rsn === '' ? [] : [{ label: 'Reason', value: g.rsn }]),
    ...(g.revoked === null ? [] : [{ label: 'Revoked', value: `by ${g.revoked.by}: ${g.revoked.reason}` }]),
  ],
});
