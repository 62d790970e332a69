import { words } from '../figures.ts';
import { STYLE, cross, date, diamond, escape, minutes, round, text } from '../../svg.ts';

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

const WIDTH = 760;
const PANEL = 150;
const LEFT = 96;
const RIGHT = 96;
const END = WIDTH - RIGHT;
const TOP = 84;
/** Below each panel, for runs that measured nothing. */
const LANE = 22;
const GAP = 44;
const MAX_POINTS = 30;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Figures that people know, most important first: where two come too close, the later one in this list is left out. */
const TICKS = [
  [1, SECOND, MINUTE, HOUR, DAY, 100 * DAY],
  [10, 100, 10 * SECOND, 10 * MINUTE, 10 * HOUR, 10 * DAY],
].flat();
const NEAR = 15;

/**
 * RPO and RTO of the last runs as a standalone SVG, each against its objective, on a logarithmic axis (they span
 * milliseconds to days). A dot is a PASS, a cross a FAIL, a diamond an UNKNOWN; what was not measured stands in a lane of
 * its own, not at a value. Readable on light and dark ground.
 */
export function chart(input: ChartInput): string {
  const points = input.points.slice(-MAX_POINTS);
  const second = TOP + PANEL + LANE + GAP;
  const bottom = second + PANEL + LANE;
  const height = bottom + 34;
  const last = points.at(-1);
  const summary =
    last === undefined
      ? 'No runs yet.'
      : `${points.length === 1 ? 'The only run' : `Last of ${points.length} runs`}: ${last.verdict}, RPO ${shown(last.rpo_ms)}, RTO ${shown(last.rto_ms)}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escape(input.title)}</title><desc id="d">${escape(summary)}</desc><style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    text(24, 28, 'ink h', 'start', input.title),
    text(24, 47, 'soft', 'start', summary),
    ...legend(),
    ...panel('RPO: what would have been lost', 'RPO', 'rpo_ms', input.objective_rpo_ms, points, TOP),
    ...panel('RTO: until the service was back', 'RTO', 'rto_ms', input.objective_rto_ms, points, second),
    ...dates(points, bottom + 20),
    '</svg>\n',
  ].join('\n');
}

const shown = (ms: number | null): string => (ms === null ? 'not measured' : words(ms));

function legend(): string[] {
  const y = 24;
  return [
    `<circle class="key-dot" cx="${WIDTH - 214}" cy="${y}" r="4"/>`,
    text(WIDTH - 204, y + 4, 'soft', 'start', 'passed'),
    `<path class="key-bad" d="${cross(WIDTH - 148, y)}"/>`,
    text(WIDTH - 138, y + 4, 'soft', 'start', 'failed'),
    `<path class="key-unknown" d="${diamond(WIDTH - 88, y)}"/>`,
    text(WIDTH - 78, y + 4, 'soft', 'start', 'unknown'),
  ];
}

function panel(
  title: string,
  label: string,
  key: 'rpo_ms' | 'rto_ms',
  goal: number | null,
  points: readonly Point[],
  top: number,
): string[] {
  const bottom = top + PANEL;
  const [low, high] = range(points.flatMap((p) => p[key] ?? []).concat(goal ?? []));
  const y = (ms: number): number => {
    const share = Math.log(Math.max(ms, low) / low) / Math.log(high / low);
    return round(bottom - share * PANEL);
  };
  const out = [text(LEFT, top - 10, 'ink', 'start', title)];
  if (goal !== null && y(goal) > top)
    out.push(
      `<rect class="over" x="${LEFT}" y="${top}" width="${END - LEFT}" height="${round(y(goal) - top)}"/>`,
    );
  const taken: number[] = [];
  for (const tick of TICKS.filter((t) => t >= low && t <= high)) {
    if (taken.some((other) => Math.abs(other - y(tick)) < NEAR)) continue;
    taken.push(y(tick));
    out.push(`<line class="rule" x1="${LEFT}" x2="${END}" y1="${y(tick)}" y2="${y(tick)}"/>`);
    out.push(text(LEFT - 8, y(tick) + 4, 'soft', 'end', words(tick)));
  }
  if (goal !== null) {
    out.push(`<line class="goal" x1="${LEFT}" x2="${END}" y1="${y(goal)}" y2="${y(goal)}"/>`);
    out.push(text(END + 8, y(goal) - 2, 'goal-text', 'start', 'objective'));
    out.push(text(END + 8, y(goal) + 12, 'goal-text', 'start', words(goal)));
  }
  const path: string[] = [];
  const marks: string[] = [];
  for (const [i, point] of points.entries()) {
    const ms = point[key];
    const [cx, cy] = [x(i, points.length), ms === null ? bottom + LANE - 7 : y(ms)];
    if (ms !== null)
      path.push(`${path.length === 0 || points[i - 1]?.[key] === null ? 'M' : 'L'}${cx} ${cy}`);
    const name = `<title>${escape(`${minutes(point.at)} ${point.verdict}: ${label} ${shown(ms)}`)}</title>`;
    if (point.verdict === 'FAIL') marks.push(`<path class="bad" d="${cross(cx, cy)}">${name}</path>`);
    else if (point.verdict === 'UNKNOWN')
      marks.push(`<path class="unknown" d="${diamond(cx, cy)}">${name}</path>`);
    else
      marks.push(
        `<circle class="${ms === null ? 'hollow' : 'dot'}" cx="${cx}" cy="${cy}" r="4">${name}</circle>`,
      );
  }
  if (path.length > 1) out.push(`<path class="line" d="${path.join('')}"/>`);
  if (points.some((point) => point[key] === null))
    out.push(text(LEFT - 8, bottom + LANE - 3, 'soft', 'end', 'not measured'));
  return [...out, ...marks];
}

/** Ends of the axis: known figures around all values, at least one of them apart. */
function range(values: readonly number[]): [low: number, high: number] {
  const ticks = TICKS.toSorted((a, b) => a - b);
  const [min, max] = values.length === 0 ? [SECOND, MINUTE] : [Math.min(...values), Math.max(...values)];
  const low = ticks.findLast((tick) => tick <= Math.max(min, 1)) ?? 1;
  // Room above the largest one, for its mark.
  const high = ticks.find((tick) => tick >= max * 1.2 && tick > low) ?? Math.max(max * 2, low * 10);
  return [low, high];
}

/** As many dates as have room, the first and the last among them. */
function dates(points: readonly Point[], y: number): string[] {
  const count = points.length;
  const last = points.at(-1);
  if (last === undefined) return [text((LEFT + END) / 2, y, 'soft', 'middle', 'no runs yet')];
  const labels = Math.min(count, 6);
  const out: string[] = [];
  for (let n = 0; n < labels; n++) {
    const i = labels === 1 ? 0 : Math.round((n * (count - 1)) / (labels - 1));
    out.push(text(x(i, count), y, 'soft', 'middle', date(points[i]?.at ?? last.at)));
  }
  return [...out, text(END + 28, y, 'soft', 'start', `${new Date(last.at).getUTCFullYear()}, UTC`)];
}

const x = (i: number, count: number): number =>
  round(count === 1 ? (LEFT + END) / 2 : LEFT + 14 + (i * (END - LEFT - 28)) / (count - 1));
