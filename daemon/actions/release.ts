import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Block } from '../../contracts/reply.ts';
import { arg } from '../args.ts';
import { privilegedAction, readAction } from '../ports/actions.ts';
import type { ReleasePreview } from '../ports/releases.ts';
import { sees } from './sees.ts';
import { JOB_GROUP, envOf, jobArgs, runbookFor, wishOf } from './wish.ts';

const wishArgs = {
  version: arg.string('this version, such as 1.4.0; absent: by what the commits say', { max: 80 }).optional(),
  pre: arg.string('a candidate: 1.4.0-rc.0 for rc', { max: 40 }).optional(),
};

export const release = privilegedAction({
  name: 'release',
  type: 'release',
  summary: 'Cut a version: changelog, commit, tag, push, release at GitHub, and tell people',
  description:
    'Reads the commits since the last tag (Conventional Commits) and shows the version that follows by SemVer, and the commit it is made from; that very commit is released, or nothing. What was stopped or refused on the way goes on when it is asked for again.',
  group: JOB_GROUP,
  verb: 'deploy',
  destructive: true,
  args: z.object({
    project: arg.project('project'),
    env: arg.environment("environment whose policy holds; default: the project's last").optional(),
    ...wishArgs,
    dry_run: arg.boolean('show all of it and change nothing').optional(),
    ...jobArgs,
  }),
  examples: ['release --project my-project --dry-run --force', 'release --project my-project --pre rc'],
  async resolve(context, args) {
    const { people, caller } = context;
    // Who may not see the project learns nothing of its repository.
    if (!sees(people, caller.person, { project: args.project }))
      throw fail('FORBIDDEN', { person: caller.person, verb: 'view', where: args.project });
    const runbook = await runbookFor(context, 'release', args.project, args.runbook);
    const next = await context.releases.propose(args.project, args);
    const { version, base, remote } = next;
    const env = args.env ?? Object.keys(context.config.project(args.project).environments).at(-1);
    const { pre, dry_run } = args;
    const wish = wishOf(
      runbook,
      'release',
      args.project,
      envOf(context, args.project, env),
      {
        version,
        base,
        ...(remote === null ? {} : { remote: remote.address }),
        ...(pre === undefined ? {} : { pre }),
        ...(dry_run === undefined ? {} : { dry_run }),
      },
      args,
    );
    return { ...wish, shows: nextBlocks(next) };
  },
});

export const releaseNext = readAction({
  name: 'release next',
  summary: 'Which version would be next, and what it would tell',
  group: 'Look',
  verb: 'view',
  args: z.object({ project: arg.project('project'), ...wishArgs }),
  examples: ['release next --project my-project'],
  where: ({ project }) => ({ project }),
  async run({ releases }, args) {
    const next = await releases.propose(args.project, args);
    return {
      title: `${args.project} ${next.tag}`,
      tone: 'info',
      blocks: nextBlocks(next),
      data: next,
    };
  },
});

function nextBlocks(next: ReleasePreview): Block[] {
  const { remote, github, announcement } = next;
  const code = (language: string, text: string): Block => ({ type: 'code', language, text });
  return [
    {
      type: 'fields',
      fields: [
        { label: 'Since', value: next.previous ?? 'the beginning' },
        { label: 'Commits', value: String(next.commits) },
        { label: 'Change', value: next.bump },
        { label: 'From', value: `${next.base.slice(0, 12)} on ${next.branch}` },
        ...(next.resumed ? [{ label: 'Begun', value: 'before; it is completed' }] : []),
        {
          label: 'Remote',
          value:
            remote === null
              ? 'none: it stays here'
              : `${remote.address}, ${remote.branch} at ${remote.tip?.slice(0, 12) ?? 'no commit yet'}${remote.tagged ? ', the tag is there' : ''}`,
        },
        {
          label: 'GitHub',
          value:
            github === null
              ? 'hears nothing'
              : `${github.call}: ${github.tag_name}${github.prerelease ? ', a pre-release' : ''}, with the notes`,
        },
      ],
    },
    code('markdown', next.text),
    ...next.files.map(({ name, diff }) => code('diff', `--- ${name}\n+++ ${name}\n${diff}`)),
    code('sh', next.commands.join('\n')),
    code('text', `${announcement.title}\n\n${announcement.text}`),
  ];
}
