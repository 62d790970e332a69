import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { manifestOf } from '../../bots/slack/manifest.ts';
import {
  DISCORD_PERMISSIONS,
  DISCORD_SCOPES,
  discordInvite,
  SLACK_APP_SCOPE,
  SLACK_SCOPES,
} from '../../contracts/chat-app.ts';
import { catalogueWith } from './catalogue.ts';

const readme = (await readFile(new URL('../../README.md', import.meta.url), 'utf8')).replaceAll(/\s+/gu, ' ');
const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/gu)].map(([, word = '']) => word);
const between = (from: string, to: string): string => {
  const start = readme.indexOf(from);
  expect(start, from).toBeGreaterThan(0);
  return readme.slice(start + from.length, readme.indexOf(to, start + from.length));
};

test('Slack: the README, the manifest and what the doctor looks for name the same scopes', () => {
  const scopes = Object.keys(SLACK_SCOPES);
  expect(quoted(between('asks for the bot scopes', '; why,'))).toEqual(scopes);
  expect(manifestOf(catalogueWith()).oauth_config.scopes.bot).toEqual(scopes);
  expect(quoted(between('_Generate_, with the scope', '(xapp-'))).toEqual([SLACK_APP_SCOPE]);
});

test('Discord: the README and the link name the same scopes and permissions', () => {
  const words = between('invites the bot (scopes', ')');
  expect(quoted(words)).toEqual([...DISCORD_SCOPES]);
  expect(words.slice(words.indexOf('permissions') + 'permissions '.length)).toBe(
    DISCORD_PERMISSIONS.map(({ name }) => name).join(', '),
  );
  const link = new URL(discordInvite({ application: '1', guild: '2' }));
  expect(link.searchParams.get('scope')).toBe(DISCORD_SCOPES.join(' '));
  const bits = BigInt(link.searchParams.get('permissions') ?? '');
  expect(DISCORD_PERMISSIONS.filter(({ bit }) => (bits & bit) === bit)).toHaveLength(
    DISCORD_PERMISSIONS.length,
  );
  expect(bits.toString(2).replaceAll('0', '')).toHaveLength(DISCORD_PERMISSIONS.length);
});

test('Discord’s permissions are those of discord-api-types, by bit and name', async () => {
  const { PermissionFlagsBits } = await import('discord-api-types/v10');
  const bits = new Map(Object.entries(PermissionFlagsBits).map(([name, bit]) => [name.toLowerCase(), bit]));
  for (const { name, bit } of DISCORD_PERMISSIONS)
    expect(bits.get(name.replaceAll(' ', '').toLowerCase()), name).toBe(bit);
});
