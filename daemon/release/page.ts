import type { ReleasePreview } from '../ports/releases.ts';
import type { Released } from './cut.ts';

/** A release that is cut, on a page for people. */
export const released = ({
  project,
  tag,
  commits,
  branch,
  previous,
  commit,
  text,
  notes,
}: Released): string =>
  [
    `# ${project} ${tag}`,
    '',
    `${commits} commits on ${branch} since ${previous ?? 'the beginning'}, tagged ${commit}.`,
    '',
    '## What the changelog says',
    '',
    text,
    '',
    '## Out of the commits',
    '',
    notes,
    '',
  ].join('\n');

/** A release that would be, with all it would do. */
export function previewed(plan: ReleasePreview): string {
  const { project, tag, commits, branch, previous, base, bump, resumed, text, files, commands } = plan;
  const { remote, github, announcement } = plan;
  return [
    `# ${project} ${tag}`,
    '',
    `${commits} commits on ${branch} since ${previous ?? 'the beginning'}, the greatest of them ${bump}; from ${base}.${resumed ? ' Begun before; it is completed.' : ''}`,
    '',
    '## Notes',
    '',
    text,
    '',
    ...files.flatMap(({ name, diff }) => [`## ${name}`, '', ...fence('diff', diff), '']),
    '## Commands',
    '',
    ...fence('sh', commands.join('\n')),
    '',
    '## Remote',
    '',
    remote === null
      ? 'None: it stays in this repository.'
      : `${remote.branch} at ${remote.address}, now at ${remote.tip ?? 'no commit yet'}${remote.tagged ? `; the tag ${tag} is there already` : ''}.`,
    '',
    '## GitHub',
    '',
    ...(github === null
      ? ['Hears nothing.']
      : fence(
          'http',
          `${github.call}\n\n${JSON.stringify({ tag_name: github.tag_name, name: github.tag_name, prerelease: github.prerelease, body: github.body }, null, 2)}`,
        )),
    '',
    '## Announcement',
    '',
    ...fence('text', `${announcement.title}\n\n${announcement.text}`),
    '',
  ].join('\n');
}

/** Longer than any fence inside. */
function fence(language: string, text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const mark = '`'.repeat(longest + 1);
  return [`${mark}${language}`, text, mark];
}
