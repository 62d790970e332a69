import { readFile } from 'node:fs/promises';
import type { RouteModule } from '../context.ts';

/** The page's own files and its own API, nothing else; no inline script or style, no eval, no HTML sinks. */
const PAGE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const FILES = [
  { url: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { url: '/theme.css', file: 'theme.css', type: 'text/css; charset=utf-8' },
  { url: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  { url: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { url: '/jobs.js', file: 'jobs.js', type: 'text/javascript; charset=utf-8' },
  { url: '/output.js', file: 'output.js', type: 'text/javascript; charset=utf-8' },
  { url: '/render.js', file: 'render.js', type: 'text/javascript; charset=utf-8' },
  { url: '/stream.js', file: 'stream.js', type: 'text/javascript; charset=utf-8' },
  { url: '/favicon.svg', file: 'favicon.svg', type: 'image/svg+xml' },
] as const;

/** The page of `reeve open`. Its files hold no data, so they need no token; what the page shows it fetches with one. */
export const page: RouteModule = {
  id: 'page',
  register(app) {
    for (const { url, file, type } of FILES) {
      const path = new URL(`../../../web/${file}`, import.meta.url);
      app.get(
        url,
        { config: { open: true, page: true }, schema: { hide: true } },
        async (_request, reply) => {
          reply.header('content-security-policy', PAGE_CSP);
          return reply.type(type).send(await readFile(path));
        },
      );
    }
  },
};
