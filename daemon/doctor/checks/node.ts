import { ok, wrong, type Check } from '../check.ts';

const NEEDED = 24;

export const node: Check = {
  name: 'node',
  part: 'here',
  async run() {
    const { node: version } = process.versions;
    return Number.parseInt(version, 10) >= NEEDED
      ? [ok(`Node ${version}`)]
      : [
          wrong(
            `Node ${version} is older than ${NEEDED}`,
            'npm ci, which brings the right one, then start through npm or cli/reeve.',
          ),
        ];
  },
};
