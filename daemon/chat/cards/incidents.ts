import type { Block } from '../../../contracts/reply.ts';
import type { ChatDeps } from '../deps.ts';
import type { Card, CardSource } from './card.ts';

/** Incidents as they open, go on and end. */
export const incidents: CardSource = {
  types: ['incident.opened', 'incident.acknowledged', 'incident.resolved', 'incident.reopened'],
  async cards({ type, body }, deps) {
    switch (type) {
      case 'incident.opened': {
        const { id, title, severity, project, env, text, by } = body;
        const blocks: Block[] = [
          {
            type: 'fields',
            fields: [
              { label: 'Incident', value: id },
              { label: 'Where', value: `${project}/${env}` },
              { label: 'Severity', value: severity },
              { label: 'Opened by', value: by },
            ],
          },
          ...(text === '' ? [] : [{ type: 'text' as const, text }]),
          {
            type: 'hint',
            text: `\`/reeve incidents ack incident:${id.slice(0, 12)}\` takes it, \`/reeve incidents note incident:${id.slice(0, 12)}\` adds to its timeline.`,
          },
        ];
        return [
          {
            topic: 'incidents',
            tone: severity === 'page' ? 'bad' : 'warn',
            title: `Open: ${title}`,
            blocks,
            thread: title,
          },
        ];
      }
      case 'incident.acknowledged':
        return changed(deps, body.id, 'Taken', 'warn', { label: `Taken by ${body.by}`, value: body.note });
      case 'incident.resolved': {
        const ended = await changed(deps, body.id, 'Resolved', 'good', {
          label: `Resolved by ${body.by}`,
          value: body.why,
        });
        // A message that changes calls nobody; its end is worth a line of its own.
        return ended.flatMap(({ changes: _, ...line }) => [
          { ...line, changes: `incident:${body.id}` },
          line,
        ]);
      }
      case 'incident.reopened':
        return changed(deps, body.id, 'Open again', 'bad', { label: 'Open again', value: body.why });
      default:
        return [];
    }
  },
};

async function changed(
  { incidents }: ChatDeps,
  id: string,
  word: string,
  tone: Card['tone'],
  fact: { label: string; value: string },
): Promise<Card[]> {
  const found = incidents.list().find((incident) => incident.id === id);
  if (found === undefined) return [];
  return [
    {
      topic: 'incidents',
      tone,
      title: `${word}: ${found.title}`,
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'Incident', value: id },
            { label: 'Where', value: `${found.project}/${found.env}` },
            fact,
          ],
        },
      ],
      changes: `incident:${id}`,
    },
  ];
}
