/** Colours for light and dark ground; what is drawn is told apart by shape, too. */
export const STYLE = `
  svg { --ink: #1f2328; --soft: #59636e; --rule: #d8dee4; --line: #0969da; --goal: #9a6700; --bad: #cf222e; --paper: #ffffff;
    font: 12px system-ui, sans-serif; }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6edf3; --soft: #9198a1; --rule: #2f363d; --line: #58a6ff; --goal: #d29922; --bad: #ff7b72; --paper: #0d1117; } }
  .paper { fill: var(--paper); } .ink { fill: var(--ink); } .soft { fill: var(--soft); } .h { font-weight: 600; font-size: 14px; }
  .rule { stroke: var(--rule); } .line { fill: none; stroke: var(--line); stroke-width: 1.5; opacity: .7; }
  .dot, .key-dot { fill: var(--line); } .hollow { fill: var(--paper); stroke: var(--line); stroke-width: 1.5; }
  .over { fill: var(--bad); opacity: .06; } .goal { stroke: var(--goal); stroke-width: 1.5; stroke-dasharray: 6 4; }
  .goal-text { fill: var(--goal); } .bad, .key-bad { fill: none; stroke: var(--bad); stroke-width: 2.5; }
  .unknown, .key-unknown { fill: var(--paper); stroke: var(--goal); stroke-width: 2; }
  .bar { fill: var(--line); } .bar-bad { fill: var(--bad); } .bar-other { fill: var(--goal); }`;

/** Ends of a figure's mark that tell a failure and an unknown from a dot. */
export const cross = (x: number, y: number): string => `M${round(x - 5)} ${round(y - 5)}l10 10m0 -10l-10 10`;
export const diamond = (x: number, y: number): string => `M${x} ${round(y - 6)}l6 6l-6 6l-6 -6z`;

export function text(
  x: number,
  y: number,
  style: string,
  anchor: 'start' | 'middle' | 'end',
  value: string,
): string {
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="${anchor}">${escape(value)}</text>`;
}

export const escape = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Minutes are enough for one run. */
export const minutes = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** `24 Oct`: days are enough under an axis. */
export function date(ms: number): string {
  const at = new Date(ms);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()] ?? ''}`;
}

export const round = (value: number): number => Math.round(value * 10) / 10;
