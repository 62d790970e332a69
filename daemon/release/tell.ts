import { cut } from '../text.ts';

/** Text of a release in a message. */
const MAX_TOLD = 3000;

export interface Told {
  project: string;
  tag: string;
  /** What stands in the changelog. */
  text: string;
  /** Where it was pushed; undefined: nowhere. */
  pushed: { address: string; branch: string } | undefined;
  /** Where people see it at GitHub. Null: GitHub does not answer, and gets it later. Undefined: GitHub is not told. */
  seen: string | null | undefined;
}

/** What people are told of a release. */
export function announcement({ project, tag, text, pushed, seen }: Told): { title: string; text: string } {
  const lines = [
    ...(seen === undefined ? [] : [seen ?? 'GitHub gets it as soon as it answers.']),
    ...(pushed === undefined ? [] : [`${pushed.branch} and ${tag} are pushed to ${pushed.address}.`]),
  ];
  return {
    title: `${project} ${tag}`,
    text: [cut(text, MAX_TOLD), ...(lines.length === 0 ? [] : [lines.join('\n')])].join('\n\n'),
  };
}

/** SemVer 2.0, 9: what follows a hyphen makes a pre-release. */
export const isPrerelease = (version: string): boolean => version.split('+')[0]?.includes('-') === true;
