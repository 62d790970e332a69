/* CHANGELOG.md as Keep a Changelog 1.1 has it: `## [Unreleased]`, then a section a version, the newest first. */

const HEADER = `# Changelog

All notable changes.
`;
const UNRELEASED = /^## \[?unreleased\]?\s*$/i;

const isVersion = (line: string, version: string): boolean => {
  const [, name = ''] = /^## \[?v?([^\]\s]+)\]?/.exec(line) ?? [];
  return name === version;
};

/** Whether the version stands there already. */
export function hasVersion(file: string, version: string): boolean {
  const lines = file.split(/\r?\n/);
  return headingsIn(lines).some((n) => isVersion(lines[n] ?? '', version));
}

/** Lines that begin a section: what stands in a fence of code begins none (CommonMark 0.31, 4.5). */
function headingsIn(lines: readonly string[]): number[] {
  let fence: string | undefined;
  return lines.flatMap((line, n) => {
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) === true && line.trim() === mark) fence = undefined;
    return fence === undefined && line.startsWith('## ') ? [n] : [];
  });
}

/**
 * What people wrote under Unreleased becomes the version's text, and where they wrote nothing, `notes`. Pure.
 *
 * @param day `2026-11-25`
 */
export function withVersion(
  before: string | undefined,
  version: string,
  day: string,
  notes: string,
): { file: string; text: string } {
  const file = before ?? HEADER;
  const crlf = /\r\n/.test(file);
  const lines = file.replaceAll('\r\n', '\n').split('\n');
  const headings = headingsIn(lines);
  const at = headings.find((n) => UNRELEASED.test(lines[n] ?? '')) ?? -1;
  const heading = `## [${version}] - ${day}`;
  let text = notes;
  if (at >= 0) {
    const end = headings.find((n) => n > at) ?? lines.length;
    const written = lines
      .slice(at + 1, end)
      .join('\n')
      .trim();
    if (written !== '') text = written;
    lines.splice(at + 1, end - at - 1, '', heading, '', ...text.split('\n'), '');
  } else {
    const first = headings[0] ?? -1;
    if (first < 0) while (lines.at(-1) === '') lines.pop();
    const where = first < 0 ? lines.length : first;
    lines.splice(where, 0, ...(first < 0 ? [''] : []), heading, '', ...text.split('\n'), '');
  }
  const joined = `${lines.join('\n').trimEnd()}\n`;
  return { file: crlf ? joined.replaceAll('\n', '\r\n') : joined, text };
}
