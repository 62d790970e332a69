import { jobItem } from './render.js';

/**
 * Draws the list of jobs anew, and leaves who reads in it where they were: what has the focus keeps it, and an output that
 * was scrolled up stays there. `outputs`: last lines of jobs; `opened`: what was opened or closed by hand; `wanted(id)`: the
 * lines of this job are to be seen.
 */
export function drawJobs(list, jobs, { outputs, opened, wanted }) {
  const focused = document.activeElement?.closest?.('[data-job]');
  const part =
    focused && `[data-job="${CSS.escape(focused.dataset.job)}"] ${document.activeElement.localName}`;
  const places = new Map();
  for (const pre of list.querySelectorAll('pre')) if (!isAtEnd(pre)) places.set(idOf(pre), pre.scrollTop);
  // A job that ends is closed, but not in front of somebody's eyes.
  for (const id of [...places.keys(), focused?.dataset.job ?? ''])
    if (isShown(list, id)) opened.set(id, true);
  list.replaceChildren(...jobs.map((job) => item(job, outputs, opened, wanted)));
  for (const pre of list.querySelectorAll('pre')) pre.scrollTop = places.get(idOf(pre)) ?? pre.scrollHeight;
  if (part) document.querySelector(part)?.focus({ preventScroll: true });
}

function item(job, outputs, opened, wanted) {
  const id = job.spec.job_id;
  const open = opened.get(id) ?? job.status === 'RUNNING';
  const made = jobItem(job, outputs.lines(id), open);
  const details = made.querySelector('details');
  if (open) wanted(id);
  made.querySelector('summary').addEventListener('click', () => {
    opened.set(id, !details.open);
    if (details.open) return;
    wanted(id);
    // What is closed has no height: the end is found once it is shown.
    requestAnimationFrame(() => made.querySelector('pre')?.scrollTo({ top: Number.MAX_SAFE_INTEGER }));
  });
  return made;
}

const isShown = (list, id) => list.querySelector(`[data-job="${CSS.escape(id)}"] details`)?.open === true;
const idOf = (pre) => pre.closest('[data-job]').dataset.job;
const isAtEnd = (pre) => pre.scrollHeight - pre.scrollTop - pre.clientHeight < 2;
