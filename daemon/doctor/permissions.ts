const ADMINISTRATOR = 1n << 3n;
const ALL = (1n << 64n) - 1n;

type Raw = Record<string, unknown>;

/**
 * What a member may do in a channel: @everyone and the roles of the member together, then the channel's overwrites of
 * @everyone, of the roles together, of the member (Discord API docs, "Permission Overwrites"). The arguments are the API's
 * own objects.
 */
export function permissionsIn(guild: Raw, member: Raw, channel: Raw): bigint {
  const user = String((member['user'] as Raw | undefined)?.['id']);
  const roles = new Set([String(guild['id']), ...listOf(member['roles']).map(String)]);
  if (guild['owner_id'] === user) return ALL;
  const base = listOf(guild['roles'])
    .map((role) => role as Raw)
    .filter((role) => roles.has(String(role['id'])))
    .reduce((all, role) => all | bits(role['permissions']), 0n);
  if ((base & ADMINISTRATOR) !== 0n) return ALL;
  const overwrites = listOf(channel['permission_overwrites']).map((one) => one as Raw);
  const steps = [
    overwrites.filter(({ id }) => id === guild['id']),
    overwrites.filter(({ id, type }) => type === 0 && id !== guild['id'] && roles.has(String(id))),
    overwrites.filter(({ id, type }) => type === 1 && id === user),
  ];
  let has = base;
  for (const step of steps) {
    has &= ~step.reduce((all, { deny }) => all | bits(deny), 0n);
    has |= step.reduce((all, { allow }) => all | bits(allow), 0n);
  }
  return has;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

function bits(value: unknown): bigint {
  return typeof value === 'string' && /^\d+$/u.test(value) ? BigInt(value) : 0n;
}
