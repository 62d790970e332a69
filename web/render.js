/** Makes page elements. Text from the daemon goes in as text, never as markup. */

/** `el('p', { class: 'x' }, 'text', child)` */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

const TONES = {
  PASS: 'good',
  FAIL: 'bad',
  TIMED_OUT: 'bad',
  UNKNOWN: 'warn',
  CANCELLED: 'warn',
  SKIPPED: 'info',
};
export const pill = (status) =>
  el('span', { class: 'pill', 'data-tone': TONES[status] ?? 'info' }, status.replace('_', ' '));

/** As contracts/units.ts says it, so that one run lasts as long here as on the command line and in its evidence. */
export function duration(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m ${two(Math.floor((ms % 60_000) / 1000))}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h ${two(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

const two = (n) => String(n).padStart(2, '0');

/** `1 job`, `2 jobs`. */
export const plural = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** A <time> in relative words, exact in its title. `refreshTimes` keeps the words true. */
export function when(ms) {
  const node = el('time', {
    datetime: new Date(ms).toISOString(),
    title: absolute.format(ms),
    class: 'quiet',
  });
  node.textContent = ago(ms);
  return node;
}

function ago(ms) {
  const past = ms - Date.now();
  const [unit, size] = UNITS.find(([, unitMs]) => Math.abs(past) >= unitMs) ?? ['second', 1000];
  return relative.format(Math.trunc(past / size), unit);
}

export function refreshTimes() {
  for (const node of document.querySelectorAll('time')) node.textContent = ago(Date.parse(node.dateTime));
}

/** One line about a ledger record: its telling fields, in their own words. */
export function gist({ type, body }) {
  const parts = [];
  const walk = (value, depth) => {
    for (const [key, item] of Object.entries(value)) {
      if (parts.length > 5) return;
      if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
        if (depth < 1) walk(item, depth + 1);
      } else if (!/digest|_id$|^v$|root|key|fence/.test(key) && item !== '' && item !== null) {
        parts.push(`${key} ${Array.isArray(item) ? item.length : String(item).slice(0, 60)}`);
      }
    }
  };
  walk(body, 0);
  return parts.join(' · ') || type;
}

/** A job as a line that opens into its steps and, while it runs, its last output. */
export function jobItem(job, lines, open) {
  const attempt = job.attempts.at(-1);
  const steps = (attempt?.steps ?? []).map((step) =>
    el(
      'li',
      {},
      pill(step.status),
      el('span', { class: 'name' }, step.name, step.why ? ` – ${step.why}` : ''),
      step.ms === undefined ? undefined : el('span', { class: 'quiet' }, duration(step.ms)),
    ),
  );
  const line = el(
    'summary',
    {},
    pill(job.status),
    el(
      'span',
      { class: 'title' },
      job.title,
      el('span', { class: 'quiet' }, `  ${job.spec.project}/${job.spec.env}`),
    ),
    when(attempt?.ended_at ?? attempt?.started_at ?? job.queued_at),
  );
  const details = el('details', open ? { open: '' } : {}, line, el('ol', { class: 'steps' }, ...steps));
  if (attempt?.why) details.append(el('p', { class: 'quiet' }, attempt.why));
  if (lines?.length > 0) {
    const output = el('pre', { tabindex: '0', 'aria-label': `Last output of ${job.title}` });
    output.textContent = lines.join('\n');
    details.append(output);
  }
  const { job_id: id } = job.spec;
  details.append(el('p', { class: 'quiet mono' }, el('a', { href: `#${id}` }, id)));
  return el('li', { 'data-job': job.spec.job_id }, details);
}
