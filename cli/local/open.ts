import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../contracts/json.ts';
import { harmless } from '../io/harmless.ts';
import { Problem } from '../io/problem.ts';
import type { Context } from '../run.ts';
import { readStatus } from '../status.ts';

const TOKEN = /^[A-Za-z0-9_-]{16,200}$/;

/** The daemon's page with the token of this home. The token stands in the fragment, which no request carries. */
export async function openPage({ terminal, home }: Context, args: JsonObject): Promise<number> {
  const { json } = terminal.globals;
  if (args['print_token'] === true) {
    const token = readToken(home);
    if (json) terminal.document({ ok: true, command: 'open', data: { token } });
    else terminal.out(token);
    return 0;
  }
  const { address } = await readStatus(home);
  const base = baseOf(address);
  const url = `${base}/#token=${readToken(home)}`;
  const opener = args['print_url'] === true || json ? undefined : openerHere();
  const opened = opener !== undefined && (await launch(opener, url));
  if (json) terminal.document({ ok: true, command: 'open', data: { url, address: base } });
  else if (opened) terminal.out(`Opened ${base} in the browser.`);
  else {
    if (args['print_url'] !== true && !terminal.globals.quiet)
      terminal.err(
        terminal.style('dim', 'No browser could be opened from here; this is the address:', 'err'),
      );
    terminal.out(url);
  }
  return 0;
}

/** `127.0.0.1:7333` or a whole URL of this machine; anything else would carry the token away. */
function baseOf(address: string): string {
  const text = address.includes('://') ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const local = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (!local || url.protocol !== 'http:')
    throw new Problem('DAEMON_NOT_REEVE', {
      where: harmless(address.slice(0, 200)),
      got: 'its page is not at an address of this machine',
    });
  return url.origin;
}

function readToken(home: string): string {
  const file = join(home, 'token');
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const why =
      cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' ? 'missing' : 'not readable';
    throw new Problem(
      'DAEMON_UNREACHABLE',
      { where: home },
      [`The token ${file} is ${why}; the daemon makes it.`],
      cause,
    );
  }
  if (!TOKEN.test(text))
    throw new Problem('DAEMON_UNREACHABLE', { where: home }, [
      `What is in ${file} is no token; remove it and restart.`,
    ]);
  return text;
}

/** Only where a browser can show itself. */
function openerHere(): string | undefined {
  if (process.platform === 'darwin') return 'open';
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  return DISPLAY || WAYLAND_DISPLAY ? 'xdg-open' : undefined;
}

/** True when the opener took the address. */
function launch(opener: string, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(opener, [url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
    child.once('spawn', () => {
      // Some openers stay as long as the browser does.
      setTimeout(() => resolve(true), 2000).unref();
      child.unref();
    });
  });
}
