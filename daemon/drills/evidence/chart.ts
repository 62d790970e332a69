import { words } from '../figures.ts';

export interface Point {
  /** Time of the run, ms. */
  at: number;
  verdict: 'PASS' | 'FAIL' | 'UNKNOWN';
  rpo_ms: number | null;
  rto_ms: number | null;
}

export interface ChartInput {
  title: string;
  /** Oldest first. */
  points: readonly Point[];
  objective_rpo_ms: number | null;
  objective_rto_ms: number | null;
}

const WIDTH = 720;
const PANEL = 150;
const LEFT = 84;
const RIGHT = 24;
const TOP = 56;
const GAP = 54;
const MAX_POINTS = 30;
const TICKS = [1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 86_400_000, 864_000_000];

const STYLE = `
  svg { --ink: #1f2328; --soft: #656d76; --rule: #d0d7de; --line: #0969da; --goal: #9a6700; --bad: #cf222e; --paper: #ffffff;
    font: 12px system-ui, sans-serif; }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6edf3; --soft: #9198a1; --rule: #3d444d; --line: #58a6ff; --goal: #d29922; --bad: #ff7b72; --paper: #0d1117; } }
  .paper { fill: var(--paper); } .ink { fill: var(--ink); } .soft { fill: var(--soft); } .h { font-weight: 600; font-size: 14px; }
  .rule { stroke: var(--rule); } .line { fill: none; stroke: var(--line); stroke-width: 2; } .dot { fill: var(--line); }
  .goal { stroke: var(--goal); stroke-dasharray: 6 4; } .goal-text { fill: var(--goal); }
  .bad { stroke: var(--bad); stroke-width: 2.5; }`;

/**
 * RPO and RTO of the last runs as a standalone SVG, each against its objective, on a logarithmic axis (they span
 * milliseconds to days). A dot is a PASS, a cross anything else. Readable on light and dark ground.
 */
export function chart(input: ChartInput): string {
  const points = input.points.slice(-MAX_POINTS);
  const height = TOP + 2 * PANEL + GAP + 44;
  const rpo = panel('RPO', 'rpo_ms', input.objective_rpo_ms, points, TOP);
  const rto = panel('RTO', 'rto_ms', input.objective_rto_ms, points, TOP + PANEL + GAP);
  const last = points.at(-1);
  const summary =
    last === undefined
      ? 'No runs yet.'
      : `Last of ${points.length} runs: ${last.verdict}, RPO ${shown(last.rpo_ms)}, RTO ${shown(last.rto_ms)}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escape(input.title)}</title><desc id="d">${escape(summary)}</desc><style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    text(LEFT, 26, 'ink h', 'start', input.title),
    ...rpo,
    ...rto,
    ...dates(points, TOP + 2 * PANEL + GAP + 20),
    '</svg>\n',
  ].join('\n');
}

const shown = (ms: number | null): string => (ms === null ? 'not measured' : words(ms));

function panel(
  label: string,
  key: 'rpo_ms' | 'rto_ms',
  goal: number | null,
  points: readonly Point[],
  top: number,
): string[] {
  const values = points.flatMap((p) => p[key] ?? []).concat(goal ?? []);
  const low = TICKS.findLast((tick) => tick <= Math.min(...values, 1000)) ?? 1;
  const high = TICKS.find((tick) => tick >= Math.max(...values, low * 10)) ?? Math.max(...values);
  const bottom = top + PANEL;
  const y = (ms: number): number => {
    const share = Math.log(Math.max(ms, low) / low) / Math.log(high / low);
    return round(bottom - share * PANEL);
  };
  const out = [text(LEFT, top - 8, 'ink', 'start', `${label} (log scale, lower is better)`)];
  for (const tick of TICKS.filter((t) => t >= low && t <= high)) {
    out.push(`<line class="rule" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/>`);
    out.push(text(LEFT - 8, y(tick) + 4, 'soft', 'end', words(tick)));
  }
  if (goal !== null) {
    out.push(`<line class="goal" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(goal)}" y2="${y(goal)}"/>`);
    out.push(text(WIDTH - RIGHT, y(goal) + 14, 'goal-text', 'end', `objective ${words(goal)}`));
  }
  const path: string[] = [];
  for (const [i, point] of points.entries()) {
    const ms = point[key];
    const [cx, cy] = [x(i, points.length), ms === null ? bottom : y(ms)];
    if (ms !== null)
      path.push(`${path.length === 0 || points[i - 1]?.[key] === null ? 'M' : 'L'}${cx} ${cy}`);
    const name = `<title>${escape(`${iso(point.at)} ${point.verdict}: ${label} ${shown(ms)}`)}</title>`;
    if (point.verdict === 'PASS' && ms !== null)
      out.push(`<circle class="dot" cx="${cx}" cy="${cy}" r="4">${name}</circle>`);
    else out.push(`<path class="bad" d="M${cx - 5} ${cy - 5}l10 10m0 -10l-10 10">${name}</path>`);
  }
  if (path.length > 1) out.push(`<path class="line" d="${path.join('')}"/>`);
  return out;
}

function dates(points: readonly Point[], y: number): string[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [text(WIDTH / 2, y, 'soft', 'middle', 'no runs yet')];
  const ends = [text(x(points.length - 1, points.length), y, 'soft', 'end', iso(last.at))];
  if (points.length > 1) ends.push(text(x(0, points.length), y, 'soft', 'start', iso(first.at)));
  const axis = text((LEFT + WIDTH - RIGHT) / 2, y + 18, 'soft', 'middle', 'runs in order, UTC');
  return [...ends, axis];
}

/** Minutes are enough under an axis. */
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
const round = (value: number): number => Math.round(value * 10) / 10;
const x = (i: number, count: number): number =>
  round(
    count === 1 ? (LEFT + WIDTH - RIGHT) / 2 : LEFT + 12 + (i * (WIDTH - LEFT - RIGHT - 24)) / (count - 1),
  );

function text(
  x: number,
  y: number,
  style: string,
  anchor: 'start' | 'middle' | 'end',
  value: string,
): string {
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="${anchor}">${escape(value)}</text>`;
}

const escape = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
