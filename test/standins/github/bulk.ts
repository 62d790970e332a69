import { Many } from './many.ts';
import { example, runOf } from './payloads.ts';
import type { Repo } from './world.ts';

/** Minute n of a long list, as GitHub writes it. */
const minute = (n: number): string =>
  `${new Date(Date.UTC(2025, 0, 1) + n * 60_000).toISOString().slice(0, 19)}Z`;

/** Makes `each` releases, deployments, runs and issues of what GitHub once sent; they are not in memory. */
export function fill(repo: Repo, each: number): void {
  const { release } = example('release', 'published');
  const { deployment } = example('deployment');
  const { issue } = example('issues', 'labeled');
  const at = (n: number) => ({ created_at: minute(n), updated_at: minute(n) });
  const node = `DE_${repo.id}_`;
  repo.many = {
    releases: new Many(each, (n) => ({ ...release, id: 1_000_000 + n, tag_name: `v0.${n}.0`, ...at(n) })),
    deployments: new Many(
      each,
      (n) => ({ ...deployment, id: 2_000_000 + n, node_id: `${node}${n}`, ...at(n) }),
      (id) => (id.startsWith(node) ? Number(id.slice(node.length)) : -1),
    ),
    runs: new Many(each, (n) => runOf(repo, { id: 3_000_000 + n, ...at(n) })),
    issues: new Many(each, (n) => ({
      ...issue,
      id: 4_000_000 + n,
      number: n + 1,
      title: `issue ${n}`,
      labels: [{ name: 'ops' }],
      ...at(n),
    })),
  };
}
