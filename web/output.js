/** Lines kept of a job. */
const LINES = 200;
/** Jobs whose lines are kept, those that were heard of last: a page stands open for weeks. More than are ever shown. */
const JOBS = 50;

/**
 * The last lines that jobs printed: those that were there before this page looked, and what comes since. Each line of an
 * attempt has a number, by which the two are put together.
 */
export class Outputs {
  /** Job → the lines of its newest attempt, and the number of the line that comes next. */
  #jobs = new Map();
  /** Jobs whose earlier lines were asked for. */
  #asked = new Set();

  lines(id) {
    return this.#jobs.get(id)?.lines;
  }

  /** Lines that are printed now. */
  heard({ job_id, attempt_id, at, lines }) {
    const known = this.#jobs.get(job_id);
    const before = known?.attempt === attempt_id ? known : { lines: [], next: at ?? 0 };
    const fresh = at === undefined ? lines : lines.slice(Math.max(0, before.next - at));
    this.#keep(job_id, attempt_id, [...before.lines, ...fresh], (at ?? before.next) + lines.length);
  }

  /** Whether there may be lines that nobody has asked for yet; the next time there are none. */
  lacks(id) {
    return !this.#asked.has(id) && Boolean(this.#asked.add(id));
  }

  /** The answer of `/v1/jobs/:id/logs?tail=…`: it may be older or newer than what was heard meanwhile. */
  stored({ job_id, attempt_id, first, lines: entries }) {
    const known = this.#jobs.get(job_id);
    const lines = entries.map(({ line }) => line);
    const next = first + lines.length;
    if (known === undefined || numberOf(known.attempt) < numberOf(attempt_id))
      return this.#keep(job_id, attempt_id, lines, next);
    if (known.attempt !== attempt_id) return;
    const later = known.next > next ? known.lines.slice(-(known.next - next)) : [];
    this.#keep(job_id, attempt_id, [...lines, ...later], Math.max(next, known.next));
  }

  /** They are to be asked for again: some may have been missed meanwhile. */
  forget() {
    this.#asked.clear();
  }

  #keep(job, attempt, lines, next) {
    // The newest stands last.
    this.#jobs.delete(job);
    this.#jobs.set(job, { attempt, lines: lines.slice(-LINES), next });
    if (this.#jobs.size <= JOBS) return;
    const [oldest] = this.#jobs.keys();
    this.#jobs.delete(oldest);
    // Whoever opens that one asks for it again.
    this.#asked.delete(oldest);
  }
}

export const logAddress = (id) => `/v1/jobs/${id}/logs?tail=${LINES}`;

/** `job_….2` is the second attempt. */
const numberOf = (attempt) => Number(attempt?.split('.')[1] ?? 0);
