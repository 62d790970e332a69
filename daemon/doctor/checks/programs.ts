import { programsOf } from '../programs.ts';
import { ok, warn, wrong, type Check, type Finding } from '../check.ts';
import { all } from '../words.ts';

/** What runbooks, probes and alert channels start has to be where they look for it. */
export const programs: Check = {
  name: 'programs',
  part: 'here',
  async run(look) {
    const { config } = await look.estate();
    const needed = programsOf(config, await look.runbooks());
    const found: Finding[] = [];
    const there: string[] = [];
    for (const { program, by, certain } of needed) {
      if ((await look.program(program)) !== undefined) there.push(program);
      else {
        const say = certain ? wrong : warn;
        found.push(
          say(
            `${program} is missing, which ${all(by)} ${by.length === 1 ? 'needs' : 'need'}`,
            `Install ${program} where all users find it.`,
          ),
        );
      }
    }
    if (there.length > 0 || found.length === 0)
      found.unshift(ok(there.length === 0 ? 'none is needed' : `there: ${there.join(', ')}`));
    return found;
  },
};
