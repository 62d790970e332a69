/** Text of a record inside Markdown, on one line, so that it cannot become a heading, a cell or a link of its own. */
export const inMarkdown = (value: string, max = 2000): string =>
  value
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\\`*_[\]<>|#]/g, '\\$&')
    .slice(0, max);

/** The words of a line written with `inMarkdown`, bold and code: for a channel that shows text as it is. */
export const plainOf = (markdown: string): string =>
  markdown.replaceAll(/\\([\\`*_[\]<>|#])|\*\*|`/g, (_mark, escaped: string | undefined) => escaped ?? '');
