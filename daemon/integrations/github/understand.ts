import { fail } from '../../../contracts/errors.ts';
import type { Caller } from '../../ports/door.ts';
import { cut } from '../../text.ts';
import type { Command, GithubDeps } from './deps.ts';
import { headOf } from './head.ts';
import type { CommentDelivery } from './payload.ts';
import { placed } from './placed.ts';
import { githubProjection, type Ask } from './projection.ts';

/** A plan waits so long for its confirmation, ms. */
const CONFIRM_WITHIN = 15 * 60_000;
/** Digits of a digest that name a plan among those that wait. */
const DIGITS = 16;

const LINE = /^\/reeve(?=\s|$)[^\S\n]*([^\n]{0,2000})/;
/** Whether a comment is meant for us. */
export const isCommand = (body: string): boolean => LINE.test(body.trimStart());

/** What is asked for. `of`: it confirms what that one asked for; `head`: the commit it is about. */
export type Wish = Command & { confirm?: string; typed?: string; of?: Ask; head?: string };

/** What a comment asks for. Rejects GITHUB_NOT_HERE, GITHUB_CONFIRM_UNKNOWN, and as the catalogue's words do. */
export async function understood(
  deps: GithubDeps,
  event: CommentDelivery,
  caller: Caller,
  project: string,
): Promise<Wish> {
  const { door, speech } = deps;
  const line = (LINE.exec(event.comment.body.trimStart())?.[1] ?? '').trim();
  const words = line.split(/\s+/);
  if (words[0] === 'confirm') return confirmed(deps, event, caller.person, words);
  const catalogue = await door.catalogue(caller);
  const named = speech.named(catalogue, words);
  const text = named === undefined ? line : placed(words, named.length, named.spec.args);
  const said = speech.parse(catalogue, text);
  if (said === undefined)
    throw fail('GITHUB_NOT_HERE', { command: 'help', why: 'write `/reeve deploy staging`, for example' });
  await allowed(deps, said, named?.spec.kind, project);
  const takes = named?.spec.args.some(({ name }) => name === 'project') === true;
  const wish = { ...said, args: { ...said.args, ...(takes ? { project } : {}) } };
  if (named?.spec.kind !== 'privileged') return wish;
  const head = await headOf(deps, event.repository, event.issue.number);
  return { ...(await deps.bind(wish, named.spec, { project, sha: head })), head };
}

/** What is read by everybody who reads the repository is about its project alone. */
async function allowed(
  { grants }: GithubDeps,
  { command, args }: Command,
  kind: string | undefined,
  project: string,
): Promise<void> {
  const no = (why: string): Error => fail('GITHUB_NOT_HERE', { command, why });
  if (command === 'grant approve' || command === 'grant deny') {
    const id = typeof args['request'] === 'string' ? args['request'] : '';
    const meant = (await grants.requests()).filter((one) => one.id.startsWith(id));
    if (meant.some((one) => one.project !== project)) throw no(`${id} is about another project`);
    return;
  }
  if (kind !== 'privileged') throw no('its answer would be read by everybody who reads the repository');
  if (args['project'] !== undefined && args['project'] !== project)
    throw no(`this repository belongs to ${project}`);
}

function confirmed(
  { state, clock }: GithubDeps,
  { repository, issue }: CommentDelivery,
  person: string,
  words: readonly string[],
): Wish {
  const [, digest = '', typed] = words;
  const digits = digest.replace(/^sha256:/, '').toLowerCase();
  const since = clock.now() - CONFIRM_WITHIN;
  const of = Object.values(state.get(githubProjection).asks).findLast(
    ({ answered, ...ask }) =>
      ask.person === person &&
      ask.repository.id === repository.id &&
      ask.pull === issue.number &&
      ask.at >= since &&
      answered?.outcome === 'confirm' &&
      digits.length >= DIGITS &&
      (answered.digest ?? '').replace(/^sha256:/, '').startsWith(digits),
  );
  if (of?.answered?.digest === undefined)
    throw fail('GITHUB_CONFIRM_UNKNOWN', {
      digest: cut(digest, 80) || '(nothing)',
      minutes: CONFIRM_WITHIN / 60_000,
    });
  const { command, args, reason } = of;
  return {
    command,
    args,
    of,
    confirm: of.answered.digest,
    ...(of.head === undefined ? {} : { head: of.head }),
    ...(reason === undefined ? {} : { reason }),
    ...(typed === undefined ? {} : { typed }),
  };
}
