import type { EstateConfig } from '../../../contracts/estate.ts';
import { own } from '../../own.ts';
import type { EstateCheck } from '../../ports/estate-check.ts';

type Tell = Parameters<EstateCheck>[1];

/** What no schema can see in `integrations.linear`. */
export async function checkLinear(
  { integrations: { linear }, projects, sync }: EstateConfig,
  tell: Tell,
  has: (secret: string) => Promise<boolean>,
): Promise<void> {
  const at = ['integrations', 'linear'];
  if (sync.todos.linear !== undefined && linear?.token === undefined)
    tell.error(
      ['sync', 'todos', 'linear'],
      'issues need a key and a team: set integrations.linear.token and team',
    );
  if (linear === undefined) return;
  const { token, team, opens } = linear;
  if (token !== undefined && team === undefined)
    tell.error([...at, 'token'], 'name the team that issues are created in: team: OPS');
  if (token === undefined && team !== undefined)
    tell.error([...at, 'team'], 'issues need a key: token: linear_token, a stored secret');
  if (token !== undefined && !(await has(token)))
    tell.error([...at, 'token'], `the secret ${token} is not stored: reeve secret set ${token} --value -`);
  if (opens !== undefined && own(own(projects, opens.project)?.environments ?? {}, opens.env) === undefined)
    tell.error([...at, 'opens'], `there is no ${opens.project}/${opens.env}`);
}
