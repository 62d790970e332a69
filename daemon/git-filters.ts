import { GitFailed, git, type GitOptions } from './git.ts';

/**
 * Variables under which Git runs none of the programs that a repository's configuration names as filters (`filter.<name>.clean`,
 * `.smudge`, `.process`; git-scm.com, "gitattributes"): a file is taken as it stands. Those of one moment: to be asked for
 * before each piece of work. Rejects GitFailed where the configuration cannot be read.
 */
export async function withoutFilters(options: Omit<GitOptions, 'input'>): Promise<Record<string, string>> {
  let names: string;
  try {
    names = await git(options, 'config', '--name-only', '-z', '--get-regexp', String.raw`^filter\..+\.`);
  } catch (error) {
    // Ends with 1 where there is none.
    if (error instanceof GitFailed && error.code === 1) return {};
    throw error;
  }
  const filters = new Set(
    names.split('\0').flatMap((key) => /^filter\.([^]+)\.[^.]+$/i.exec(key)?.[1] ?? []),
  );
  const off = [...filters].flatMap((name) => [
    [`filter.${name}.clean`, ''],
    [`filter.${name}.smudge`, ''],
    [`filter.${name}.process`, ''],
    [`filter.${name}.required`, 'false'],
  ]);
  return {
    GIT_CONFIG_COUNT: String(off.length),
    ...Object.fromEntries(
      off.flatMap(([key = '', value = ''], n) => [
        [`GIT_CONFIG_KEY_${n}`, key],
        [`GIT_CONFIG_VALUE_${n}`, value],
      ]),
    ),
  };
}
