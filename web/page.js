import { duration, el, gist, jobItem, pill, plural, refreshTimes, when } from './render.js';
import { Refused, follow, forgetToken, getJson, shareToken, takeToken, tokenOfAnotherTab } from './stream.js';

const RECORDS = 100;
const JOBS = 12;
const LINES = 200;

const $ = (id) => document.getElementById(id);
let token = takeToken();
/** Last output lines by job. */
const output = new Map();
const opened = new Map();
let jobs = [];
/** The job in the address, if there is one. */
let linked;
/** What the notice says is about the address. */
let saidOfLink = false;

function notice(title, text) {
  $('notice').replaceChildren(el('strong', {}, title), el('p', {}, text));
  $('notice').hidden = false;
}

function linkState(text, tone) {
  $('link').textContent = text;
  $('link').dataset.tone = tone;
}

function showStatus(status) {
  $('estate').textContent = `${status.estate} · version ${status.reeve}`;
  document.title = `${status.estate} – Reeve`;
  const cards = [
    ['Ledger', `${status.ledger.size.toLocaleString()} records`],
    ['Running', status.jobs.running],
    ['Queued', status.jobs.queued],
    ['Active grants', status.grants_active],
    ['Open requests', status.requests_open],
    ['Open reviews', status.reviews_open],
  ];
  $('status').replaceChildren(
    ...cards.map(([label, value]) => el('div', {}, el('dt', {}, label), el('dd', {}, String(value)))),
    el('div', {}, el('dt', {}, 'Up since'), el('dd', {}, when(status.started))),
  );
  const warnings = [];
  for (const { title, severity, at } of status.incidents.newest)
    warnings.push([severity === 'page' ? 'bad' : 'warn', `Incident: ${title}, `, when(at)]);
  if (status.incidents.open > status.incidents.newest.length)
    warnings.push([
      'warn',
      `${plural(status.incidents.open, 'incident')} ${status.incidents.open === 1 ? 'is' : 'are'} open: see reeve incidents list`,
    ]);
  if (!status.ledger.writable)
    warnings.push(['bad', `The ledger cannot be written: ${status.ledger.why ?? ''}`]);
  if (status.config_refused.length > 0)
    warnings.push(['bad', `The file on disk is not in force: ${status.config_refused[0]}`]);
  for (const halt of status.halted)
    warnings.push(['bad', `Halted (${halt.scope}) by ${halt.by}: ${halt.reason}`]);
  if (status.paused)
    warnings.push([
      'warn',
      `${status.paused.drain ? 'Draining' : 'Paused'} by ${status.paused.by}: ${status.paused.reason}`,
    ]);
  if (status.jobs.unknown > 0)
    warnings.push([
      'warn',
      `${plural(status.jobs.unknown, 'job')} with an unknown outcome: see reeve jobs list`,
    ]);
  $('warnings').replaceChildren(
    ...warnings.map(([tone, ...text]) => el('li', { 'data-tone': tone }, ...text)),
  );
  if (status.last_drill) showDrill(status.last_drill);
  else $('drill').replaceChildren(el('p', { class: 'quiet' }, 'No drill has run yet.'));
}

function showDrill(drill) {
  const figure = (label, title, ms) => el('div', {}, el('dt', { title }, label), el('dd', {}, duration(ms)));
  $('drill').replaceChildren(
    el('p', {}, pill(drill.verdict), ' ', drill.drill, ' ', when(drill.at)),
    el(
      'dl',
      { class: 'figures' },
      figure(
        'RPO – data at risk',
        'Recovery point: last write before the cut − newest write found after the restore',
        drill.rpo_ms,
      ),
      figure(
        'RTO – time to restore',
        'Recovery time: from the start of the restore to the verified service',
        drill.rto_ms,
      ),
    ),
    el('p', { class: 'quiet' }, 'Measured by restoring for real; the evidence is an artifact of its job.'),
  );
}

function showJobs() {
  $('no-jobs').textContent = 'No job has run yet.';
  $('no-jobs').hidden = jobs.length > 0 || linked !== undefined;
  const focused = document.activeElement?.closest?.('[data-job]')?.dataset.job;
  const newest = jobs.map((job) => (job.spec.job_id === linked?.spec.job_id ? undefined : job));
  const current = jobs.find((job) => job.spec.job_id === linked?.spec.job_id) ?? linked;
  $('jobs').replaceChildren(
    ...[current, ...newest].filter(Boolean).map((job) => {
      const id = job.spec.job_id;
      const item = jobItem(job, output.get(id), opened.get(id) ?? job.status === 'RUNNING');
      const details = item.querySelector('details');
      item.querySelector('summary').addEventListener('click', () => opened.set(id, !details.open));
      return item;
    }),
  );
  if (focused) document.querySelector(`[data-job="${CSS.escape(focused)}"] summary`)?.focus();
}

function showRecord(record) {
  const list = $('records');
  const item = el(
    'li',
    { class: 'new' },
    el('span', { class: 'seq mono' }, String(record.seq)),
    el('span', { class: 'mono' }, record.type),
    el('span', { class: 'what' }, gist(record)),
    when(record.ts),
  );
  list.prepend(item);
  while (list.children.length > RECORDS) list.lastElementChild.remove();
}

function showCommands(commands, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = Map.groupBy(
    commands.filter((c) => words.every((w) => `${c.name} ${c.summary} ${c.group}`.toLowerCase().includes(w))),
    (c) => c.group,
  );
  $('commands').replaceChildren(
    ...[...groups].flatMap(([group, list]) => [el('h3', {}, group), el('ul', {}, ...list.map(commandItem))]),
  );
  if (groups.size === 0) $('commands').append(el('p', { class: 'quiet' }, 'No command fits.'));
}

function commandItem(command) {
  const line = `reeve ${command.examples[0] ?? command.name}`;
  const copy = el('button', { type: 'button', 'aria-label': `Copy: ${line}` }, 'Copy');
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(line);
    copy.textContent = 'Copied';
    $('copied').textContent = `Copied: ${line}`;
    setTimeout(() => (copy.textContent = 'Copy'), 1500);
  });
  return el(
    'li',
    {},
    el('div', { class: 'line' }, copy, el('code', { title: line }, line)),
    el('p', { class: 'quiet' }, command.summary),
  );
}

/** Calls `fn` soon, once for a burst. */
function soon(fn, ms) {
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      fn().catch(() => linkState('Trying again…', 'warn'));
    }, ms);
  };
}

const refresh = soon(async () => {
  const [status, list] = await Promise.all([
    getJson(token, '/v1/status'),
    getJson(token, `/v1/jobs?limit=${JOBS}`),
  ]);
  jobs = list.jobs;
  const id = linked?.spec.job_id;
  if (id && !jobs.some((job) => job.spec.job_id === id)) linked = await getJson(token, `/v1/jobs/${id}`);
  showStatus(status);
  showJobs();
}, 150);
/** The job in the address, `#job_…`, as live messages in chat link to it: shown first, open, and in sight. */
async function showLinked() {
  const { hash } = location;
  const id = hash.slice(1);
  const said = (title, text) => {
    notice(title, text);
    saidOfLink = true;
  };
  if (saidOfLink) $('notice').hidden = true;
  saidOfLink = false;
  let found;
  if (/^job_[0-9a-f]{32}$/.test(id)) {
    try {
      found = await getJson(token, `/v1/jobs/${id}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (location.hash === hash) said(error.message, error.hint);
    }
    // Whoever went on meanwhile wants to see that one.
    if (location.hash !== hash) return;
  } else if (id !== '') said('No job has this address.', 'It is `#`, and the whole id of a job.');
  linked = found;
  if (linked) opened.set(id, true);
  showJobs();
  const item = linked && document.querySelector(`[data-job="${id}"]`);
  item?.querySelector('summary').focus({ preventScroll: true });
  item?.scrollIntoView({ block: 'center' });
}

const redrawJobs = soon(async () => showJobs(), 150);

function onEvent(event) {
  if (event.event === 'record') {
    showRecord(event);
    refresh();
    return;
  }
  const lines = output.get(event.job_id) ?? [];
  lines.push(...event.lines);
  output.set(event.job_id, lines.slice(-LINES));
  redrawJobs();
}

async function main() {
  if (!token) {
    linkState('Signed out', 'warn');
    notice('This page needs your token.', 'Run `reeve open` in a terminal: it opens this page with it.');
    token = await tokenOfAnotherTab();
    $('notice').hidden = true;
  }
  shareToken(token);
  setInterval(refreshTimes, 10_000);
  for (const id of ['drill', 'no-jobs']) $(id).textContent = '';
  try {
    const { commands } = await getJson(token, '/v1/catalogue');
    showCommands(commands, '');
    $('filter').addEventListener('input', () => showCommands(commands, $('filter').value));
    refresh();
    await showLinked();
    addEventListener('hashchange', () => showLinked().catch(() => linkState('Trying again…', 'warn')));
    await follow(token, {
      tail: RECORDS,
      onEvent,
      onState: (state) => {
        linkState(
          state === 'live' ? 'Live' : 'Connection lost – trying again',
          state === 'live' ? 'good' : 'warn',
        );
        if (state === 'live') refresh();
      },
    });
  } catch (error) {
    if (error instanceof Refused && error.status === 401) forgetToken();
    linkState('Stopped', 'bad');
    notice(error.message, error.hint || 'Run `reeve open` again.');
  }
}

void main();
