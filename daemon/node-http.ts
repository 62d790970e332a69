import type * as Http from 'node:http';
import type * as Https from 'node:https';

/*
 * An ES import of node:http reads every one of its exports, and three of them (WebSocket …) load Node's whole undici: 30 ms of
 * processor time and 4 MiB that nobody here uses. The module itself, without that look at all of it, is what `require` gives.
 */

/** node:http. */
export const nodeHttp = (): typeof Http => process.getBuiltinModule('node:http');
/** node:https, or node:http where it need not be secure: both have `request` and `Agent`. */
export const nodeHttps = (secure: boolean): typeof Http | typeof Https =>
  process.getBuiltinModule(secure ? 'node:https' : 'node:http');
