import { drawJobs } from './jobs.js';
import { Outputs, logAddress } from './output.js';
import { duration, el, gist, pill, plural, refreshTimes, when } from './render.js';
import { Refused, follow, forgetToken, getJson, shareToken, takeToken, tokenOfAnotherTab } from './stream.js';

const RECORDS = 100;
const JOBS = 12;
/** Until what failed is asked again, ms. */
const RETRY = 2000;

const $ = (id) => document.getElementById(id);
let token = takeToken();
const outputs = new Outputs();
const opened = new Map();
let jobs = [];
let commands = [];
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
  const current = jobs.find((job) => job.spec.job_id === linked?.spec.job_id) ?? linked;
  const others = jobs.filter((job) => job.spec.job_id !== linked?.spec.job_id);
  drawJobs($('jobs'), current ? [current, ...others] : others, { outputs, opened, wanted });
}

/** What a job printed before this page looked. */
function wanted(id) {
  if (!outputs.lacks(id)) return;
  getJson(token, logAddress(id))
    .then((answer) => outputs.stored(answer))
    // Who may not read it is not told of it; what did not come is asked for when the connection is back.
    .catch(() => undefined)
    .finally(redrawJobs);
}

function showRecord(record) {
  const list = $('records');
  // Seen from its beginning again, or another ledger.
  if (Number(list.firstElementChild?.dataset.seq) >= record.seq) list.replaceChildren();
  const item = el(
    'li',
    { class: 'new', 'data-seq': record.seq },
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
  const words = line.split(' ').flatMap((word, i) => [i === 0 ? '' : ' ', el('span', {}, word)]);
  const copy = el('button', { type: 'button', 'aria-label': `Copy: ${line}` }, 'Copy');
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(line);
    } catch {
      $('copied').textContent = `The browser does not let this page copy. The line: ${line}`;
      return;
    }
    copy.textContent = 'Copied';
    $('copied').textContent = `Copied: ${line}`;
    setTimeout(() => (copy.textContent = 'Copy'), 1500);
  });
  return el(
    'li',
    {},
    el('div', { class: 'line' }, copy, el('code', {}, ...words)),
    el('p', { class: 'quiet' }, command.summary),
  );
}

/** Calls `fn` soon, once for a burst, and again after a failure for as long as somebody is signed in. */
function soon(fn, ms) {
  let timer;
  const call = (wait) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      fn().catch(() => {
        if (token) call(RETRY);
      });
    }, wait);
  };
  return () => call(ms);
}

const refresh = soon(async () => {
  const [status, list] = await Promise.all([
    getJson(token, '/v1/status'),
    getJson(token, `/v1/jobs?limit=${JOBS}`),
  ]);
  jobs = list.jobs;
  const id = linked?.spec.job_id;
  if (id && !jobs.some((job) => job.spec.job_id === id))
    linked = await getJson(token, `/v1/jobs/${id}`).catch((error) => {
      // Another home: there is no such job any more.
      if (error instanceof Refused) return undefined;
      throw error;
    });
  showStatus(status);
  showJobs();
}, 150);

/** The job in the address, `#job_…`, as live messages in chat link to it: shown first, open, and in sight. */
async function showLinked() {
  const { hash } = location;
  const id = hash.slice(1);
  // A place on the page itself, as the link that skips its head leads to.
  if (id !== '' && $(id)) return;
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
const followLink = soon(showLinked, 0);
const loadCommands = soon(async () => {
  ({ commands } = await getJson(token, '/v1/catalogue'));
  showCommands(commands, $('filter').value);
}, 0);

function onEvent(event) {
  if (event.event === 'record') {
    showRecord(event);
    refresh();
    return;
  }
  outputs.heard(event);
  redrawJobs();
}

/** Shows what there is until the token is refused; rejects with why. */
async function show() {
  shareToken(token);
  for (const id of ['drill', 'no-jobs']) $(id).textContent = '';
  $('notice').hidden = true;
  let begun = false;
  const onState = (state) => {
    if (state !== 'live') return linkState('Connection lost – trying again', 'warn');
    linkState('Live', 'good');
    outputs.forget();
    refresh();
    // Once: who reads on when the connection is back is not taken elsewhere.
    if (begun) return;
    begun = true;
    followLink();
    loadCommands();
  };
  await follow(token, { tail: RECORDS, onEvent, onState });
}

/** Another address of this page: a job, or the link of `reeve open` in a tab that is open already. */
function onAddress() {
  if (location.hash.includes('token=')) {
    takeToken();
    location.reload();
  } else if (token) followLink();
}

async function main() {
  setInterval(refreshTimes, 10_000);
  $('filter').addEventListener('input', () => showCommands(commands, $('filter').value));
  addEventListener('hashchange', onAddress);
  if (!token)
    notice('This page needs your token.', 'Run `reeve open` in a terminal: it opens this page with it.');
  for (let refused; ;) {
    if (!token) {
      linkState('Signed out', 'warn');
      token = await tokenOfAnotherTab(refused);
    }
    try {
      await show();
    } catch (error) {
      notice(error.message, error.hint || 'Run `reeve open` again.');
      if (error.status !== 401) return linkState('Stopped', 'bad');
      refused = token;
      token = undefined;
      forgetToken();
    }
  }
}

void main();
