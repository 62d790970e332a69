import { words } from '../../figures.ts';
import { STYLE, cross, diamond, escape, round, text } from '../../svg.ts';

/** A day of the week, in the estate's zone. */
export interface ChartDay {
  /** `Mon 23`. */
  name: string;
  passed: number;
  failed: number;
  /** Cancelled, or nobody knows. */
  other: number;
  /** Opened on the day. */
  incidents: number;
}

/** A drill that ran: what its newest measured run came to beside its objectives, ms; null where there is none. */
export interface ChartDrill {
  name: string;
  verdict: string;
  rpo_ms: number | null;
  rto_ms: number | null;
  objective_rpo_ms: number | null;
  objective_rto_ms: number | null;
}

export interface WeekChart {
  title: string;
  days: readonly ChartDay[];
  drills: readonly ChartDrill[];
}

const WIDTH = 760;
const LEFT = 84;
const RIGHT = 24;
const TOP = 92;
const PLOT = 170;
const ROW = 34;
const BAR = 150;
/** Of the drills, the first so many. */
const MAX_DRILLS = 6;
const MAX_NAME = 28;
const PARTS = [
  ['passed', 'bar'],
  ['failed', 'bar-bad'],
  ['other', 'bar-other'],
] as const;

/**
 * A week as a standalone SVG: jobs a day by how they ended, with the incidents that were opened; and each drill's RPO and RTO
 * as a part of its objective. What is told apart by colour has its number beside it. Readable on light and dark ground.
 */
export function weekChart({ title, days, drills }: WeekChart): string {
  const shown = drills.slice(0, MAX_DRILLS);
  const below = TOP + PLOT + 78;
  const more = drills.length > shown.length ? 1 : 0;
  const height = shown.length === 0 ? below - 18 : below + 20 + (shown.length + more) * ROW + 12;
  const summary = summaryOf(days, drills);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escape(title)}</title><desc id="d">${escape(summary)}</desc><style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    text(24, 28, 'ink h', 'start', title),
    text(24, 47, 'soft', 'start', summary),
    ...jobs(days),
    ...(shown.length === 0
      ? []
      : [
          text(24, below, 'ink', 'start', 'Drills: what was measured, as a part of its objective'),
          ...shown.flatMap((drill, n) => drillRow(drill, below + 20 + n * ROW)),
          ...(more === 0
            ? []
            : [
                text(
                  24,
                  below + 40 + shown.length * ROW,
                  'soft',
                  'start',
                  `and ${drills.length - shown.length} more`,
                ),
              ]),
        ]),
    '</svg>\n',
  ].join('\n');
}

function summaryOf(days: readonly ChartDay[], drills: readonly ChartDrill[]): string {
  const sum = (key: Exclude<keyof ChartDay, 'name'>): number => days.reduce((all, one) => all + one[key], 0);
  const missed = drills.filter(
    (one) => beyond(one.rpo_ms, one.objective_rpo_ms) || beyond(one.rto_ms, one.objective_rto_ms),
  ).length;
  const drilled =
    drills.length === 0
      ? 'no drill ran'
      : `${drills.length} ${drills.length === 1 ? 'drill' : 'drills'}, ${missed} beyond an objective`;
  return `Jobs: ${sum('passed')} passed, ${sum('failed')} failed, ${sum('other')} cancelled or unknown. Incidents opened: ${sum('incidents')}; ${drilled}.`;
}

const beyond = (got: number | null, goal: number | null): boolean =>
  got !== null && goal !== null && got > goal;

function jobs(days: readonly ChartDay[]): string[] {
  const bottom = TOP + PLOT;
  const most = Math.max(1, ...days.map(({ passed, failed, other }) => passed + failed + other));
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, days.length);
  const tall = (n: number): number => round((n / most) * PLOT);
  const out = [
    ...legend(),
    ...[0, most].map((n) => {
      const y = bottom - tall(n);
      return `<line class="rule" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>${text(LEFT - 8, y + 4, 'soft', 'end', String(n))}`;
    }),
    text(LEFT - 8, bottom + 42, 'soft', 'end', 'incidents'),
  ];
  for (const [n, day] of days.entries()) {
    const middle = round(LEFT + step * (n + 0.5));
    const wide = round(Math.min(56, step * 0.6));
    let y = bottom;
    for (const [key, style] of PARTS) {
      if (day[key] === 0) continue;
      // What failed among thousands is still to be seen.
      const height = Math.max(2, tall(day[key]));
      y = round(y - height);
      out.push(
        `<rect class="${style}" x="${round(middle - wide / 2)}" y="${y}" width="${wide}" height="${height}"><title>${escape(`${day.name}: ${day[key]} ${key}`)}</title></rect>`,
      );
    }
    const bad = day.failed + day.other;
    const label = [
      String(day.passed),
      ...(day.failed === 0 ? [] : [`${day.failed}✗`]),
      ...(day.other === 0 ? [] : [`${day.other}?`]),
    ];
    if (day.passed + bad > 0) out.push(text(middle, y - 6, 'ink', 'middle', label.join(' ')));
    out.push(text(middle, bottom + 20, 'soft', 'middle', day.name));
    if (day.incidents > 0) {
      out.push(`<path class="bad" d="${cross(middle - 8, bottom + 38)}"/>`);
      out.push(text(middle + 4, bottom + 42, 'ink', 'start', String(day.incidents)));
    } else out.push(text(middle, bottom + 42, 'soft', 'middle', '–'));
  }
  return out;
}

function legend(): string[] {
  const entries = [
    ['passed', 'bar'],
    ['failed ✗', 'bar-bad'],
    ['cancelled or unknown ?', 'bar-other'],
  ] as const;
  let x = LEFT;
  return entries.flatMap(([name, style]) => {
    const at = x;
    x += 34 + name.length * 7;
    return [
      `<rect class="${style}" x="${at}" y="${TOP - 32}" width="10" height="10"/>`,
      text(at + 16, TOP - 23, 'soft', 'start', name),
    ];
  });
}

function drillRow(drill: ChartDrill, y: number): string[] {
  const { name, verdict, rpo_ms, rto_ms, objective_rpo_ms, objective_rto_ms } = drill;
  const short = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name;
  const mark =
    verdict === 'PASS'
      ? `<circle class="dot" cx="32" cy="${y + 10}" r="4"/>`
      : verdict === 'FAIL'
        ? `<path class="bad" d="${cross(32, y + 10)}"/>`
        : `<path class="unknown" d="${diamond(32, y + 10)}"/>`;
  return [
    `${mark}${text(46, y + 14, 'ink', 'start', short)}`,
    ...gauge('RPO', rpo_ms, objective_rpo_ms, 250, y),
    ...gauge('RTO', rto_ms, objective_rto_ms, 508, y),
  ];
}

/** Full at the objective; beyond it, red. */
function gauge(label: string, got: number | null, goal: number | null, x: number, y: number): string[] {
  const said =
    got === null
      ? 'not measured'
      : goal === null
        ? words(got)
        : `${words(got)} ${got > goal ? '>' : '≤'} ${words(goal)}`;
  const share = got === null || goal === null ? 0 : Math.min(1, goal === 0 ? Number(got > 0) : got / goal);
  return [
    text(x, y + 14, 'soft', 'start', label),
    `<rect class="hollow" x="${x + 32}" y="${y + 1}" width="${BAR}" height="6"/>`,
    ...(share === 0
      ? []
      : [
          `<rect class="${beyond(got, goal) ? 'bar-bad' : 'bar'}" x="${x + 32}" y="${y + 1}" width="${round(Math.max(1, share * BAR))}" height="6"/>`,
        ]),
    text(x + 32, y + 21, 'ink', 'start', said),
  ];
}
