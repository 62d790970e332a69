/** Longest wait for an answer, ms; GitHub itself gives up after 10 s. */
const TIMEOUT = 20_000;
const MAX_REDIRECTS = 3;

/**
 * `fetch` for one API. A renamed repository is answered with a redirect, which is repeated as it was (docs.github.com/rest,
 * "Best practices", "Follow redirects"); `fetch` itself would make a GET of a POST. One that leads elsewhere is not followed:
 * the credential is for this API alone.
 */
export const fetchWithin = (api: string): typeof fetch => {
  const { origin } = new URL(api);
  return async (input, init = {}) => {
    const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT), ...(init.signal ? [init.signal] : [])]);
    let url = new URL(input instanceof Request ? input.url : input);
    for (let left = MAX_REDIRECTS; ; left--) {
      const response = await fetch(url, { ...init, redirect: 'manual', signal });
      const location = response.headers.get('location');
      if (![301, 302, 307, 308].includes(response.status) || location === null || left === 0) return response;
      await response.body?.cancel();
      url = new URL(location, url);
      if (url.origin !== origin)
        throw new TypeError(`GitHub redirects to ${url.origin}, which is not followed`);
    }
  };
};
