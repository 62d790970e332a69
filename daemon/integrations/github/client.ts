import { createPrivateKey } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { fail } from '../../../contracts/errors.ts';
import type { GithubClient } from '../../ports/github.ts';
import { fetchWithin } from './fetch.ts';

/** A limit that is over sooner is waited for within the call, s, and so often. */
const PATIENCE = 60;
const MAX_WAITS = 2;
/** Version of the API that is spoken (docs.github.com/rest, "API versions"). */
const API_VERSION = '2022-11-28';

/** As whom GitHub is called. */
export type GithubAuth = { token: string } | { app: number; installation: number; key: string };

export interface ClientOptions {
  auth: GithubAuth;
  /** Name of the app's secret, for errors. */
  secret: string;
  /** `https://api.github.com`, or another server's. */
  api: string;
  version: string;
  warn(what: string): void;
}

export const GITHUB_API = 'https://api.github.com';
const Client = Octokit.plugin(throttling, retry, paginateRest);

/** @throws GITHUB_KEY_INVALID */
export function openClient({ auth, secret, api, version, warn }: ClientOptions): GithubClient {
  const mayWait = (
    seconds: number,
    { method, url, request }: Limited,
    _: unknown,
    waits: number,
  ): boolean => {
    const patience = typeof request['patience'] === 'number' ? request['patience'] : PATIENCE;
    const wait = waits < MAX_WAITS && seconds <= patience;
    warn(`GitHub's rate limit: ${method} ${url} ${wait ? `waits ${seconds} s` : 'is put off'}`);
    return wait;
  };
  const client = new Client({
    ...credential(auth, secret),
    baseUrl: api,
    userAgent: `reeve/${version}`,
    request: { fetch: fetchWithin(api) },
    log: { debug() {}, info() {}, warn, error() {} },
    throttle: {
      onRateLimit: mayWait,
      onSecondaryRateLimit: mayWait,
      // One write a second, as GitHub asks for. Other servers have no such limits of their own.
      ...(api === GITHUB_API ? {} : { write: UNHURRIED, notifications: UNHURRIED }),
    },
  });
  client.hook.before('request', (options) => {
    options.headers['x-github-api-version'] = API_VERSION;
    // Signing in is tried again with the call it is for, or not at all.
    if (options.url.endsWith('/access_tokens')) options.request['retries'] = 0;
  });
  return client;
}

interface Limited {
  method: string;
  url: string;
  request: { [option: string]: unknown };
}

/** In place of the plugin's queue before writes. */
const UNHURRIED = { key: () => ({ schedule: () => Promise.resolve() }) } as never;

function credential(auth: GithubAuth, secret: string): ConstructorParameters<typeof Client>[0] {
  if ('token' in auth) return { auth: auth.token };
  const { app, installation, key } = auth;
  try {
    const privateKey = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString();
    return {
      authStrategy: createAppAuth,
      auth: { appId: app, installationId: installation, privateKey },
    };
  } catch (error) {
    throw fail('GITHUB_KEY_INVALID', { secret }, { cause: error });
  }
}
