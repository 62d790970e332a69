import { z } from 'zod';
import { arg } from '../args.ts';
import { readAction } from '../ports/actions.ts';

export const probePushUrl = readAction({
  name: 'probe push-url',
  inChat: false,
  summary: 'The URL that a job calls for its heartbeat probe; who knows it may call it',
  group: 'Probes',
  verb: 'run',
  args: z.object({ probe: arg.string('name of the probe', { position: 0 }) }),
  examples: ['probe push-url nightly-backup'],
  async run({ probes, people, caller, status }, args) {
    const { spec, name } = probes.get(args.probe);
    people.require(caller.person, 'run', spec.project, spec.env);
    const url = `${status().address}/hb/${await probes.token(name)}`;
    return {
      title: `Push URL of ${name}`,
      tone: 'info',
      blocks: [
        {
          type: 'code',
          language: 'sh',
          text: `curl -fsS -X POST ${url}/start\ncurl -fsS -X POST ${url}\ncurl -fsS -X POST --data "$why" ${url}/fail`,
        },
      ],
      data: { probe: name, url },
    };
  },
});
