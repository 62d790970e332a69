import { ok, warn, wrong, type Check, type Finding } from '../check.ts';
import { ago } from '../words.ts';

/** Without a `max_age` of its own, a drill this old proves nothing about today. */
const OLD = 31 * 86_400_000;

/** A restore that was not tried lately is a hope, no backup. */
export const drills: Check = {
  name: 'drills',
  part: 'here',
  needsHome: true,
  async run(look) {
    const { config } = await look.estate();
    const { drills: results } = await look.ledger();
    const kinds = new Set(
      (await look.runbooks())
        .filter(({ front }) => front.action === 'run_drill')
        .map(({ front }) => front.runbook),
    );
    const planned = Object.values(config.schedules).filter(({ runbook }) => kinds.has(runbook));
    const names = new Set([...planned.map(({ runbook }) => runbook), ...Object.keys(results)]);
    if (names.size === 0)
      return [
        warn(
          'no drill has ever run, and none is scheduled',
          'reeve drill run self-restore; then put it under schedules:',
        ),
      ];
    return [...names].toSorted().map((name): Finding => {
      const again = `reeve drill run ${name}`;
      const result = Object.hasOwn(results, name) ? results[name] : undefined;
      if (result === undefined) return warn(`${name} has never run`, again);
      const age = look.clock.now() - result.at;
      if (result.verdict !== 'PASS')
        return wrong(`${name}: ${result.verdict} ${ago(age)}`, `reeve drill report ${name}`);
      const limit = Math.min(
        ...planned.filter(({ runbook }) => runbook === name).map(({ max_age = OLD }) => max_age),
        OLD,
      );
      return age > limit
        ? warn(`${name} passed ${ago(age)}, which is too long ago`, again)
        : ok(`${name} passed ${ago(age)}`);
    });
  },
};
