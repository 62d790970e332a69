/** Talks to the daemon that served this page. Everything is same-origin; the token goes in a header, never in a URL. */

const KEY = 'reeve.token';

/** The token: handed over once in the fragment by `reeve open`, then kept for this tab only. */
export function takeToken() {
  const match = /(?:^#|&)token=([A-Za-z0-9_-]{20,})/.exec(location.hash);
  if (match) {
    sessionStorage.setItem(KEY, match[1]);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
  tabs.onmessage = null;
}

/** Between the tabs of this very origin: one that a link opened is signed in by one that is. */
const tabs = new BroadcastChannel(KEY);
const WANTED = 'wanted';

/** Gives the token to whichever tab waits for one, now or later. */
export function shareToken(token) {
  tabs.onmessage = ({ data }) => data === WANTED && tabs.postMessage({ token });
  tabs.postMessage({ token });
}

/** Resolves once another tab is signed in, and not with the token that was refused here; it is kept for this tab, too. */
export function tokenOfAnotherTab(refused) {
  return new Promise((resolve) => {
    tabs.onmessage = ({ data }) => {
      if (typeof data?.token !== 'string' || data.token === refused) return;
      sessionStorage.setItem(KEY, data.token);
      resolve(data.token);
    };
    tabs.postMessage(WANTED);
  });
}

/** An answer other than 200, with the daemon's own words. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.message ?? `The daemon answered ${status}.`);
    this.status = status;
    this.hint = body?.hint ?? '';
  }
}

export async function get(token, path, { signal, headers = {} } = {}) {
  const response = await fetch(path, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    cache: 'no-store',
    signal,
  });
  if (response.ok) return response;
  throw new Refused(response.status, await response.json().catch(() => undefined));
}

export const getJson = async (token, path) => (await get(token, path)).json();

/**
 * Reads /v1/events for ever, resuming after the last id it saw. `onState` gets 'live' or 'lost'. Ends only when the token
 * is refused, with that error.
 */
export async function follow(token, { tail, onEvent, onState }) {
  let lastId;
  let wait = 500;
  for (;;) {
    try {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
      const response = await get(token, `/v1/events?tail=${tail}`, { headers });
      onState('live');
      for await (const event of parse(response.body)) {
        wait = 500;
        if (event.id !== undefined) lastId = event.id;
        if (event.data !== undefined) onEvent(JSON.parse(event.data));
      }
    } catch (error) {
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) throw error;
      // The ledger is shorter than what was seen here: another home. Begin anew.
      if (error instanceof Refused && error.status === 404) lastId = undefined;
    }
    onState('lost');
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, 10_000);
  }
}

/** Server-sent events of one response (WHATWG HTML §9.2), as far as this daemon uses them. */
async function* parse(body) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split('\n')) {
        const colon = line.indexOf(': ');
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      yield event;
    }
  }
}
