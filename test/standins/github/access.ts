import { createPublicKey, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import type { Call } from '../platform/server.ts';
import { ApiError } from './rest.ts';
import type { GithubWorld, User } from './world.ts';

export interface GithubApp {
  id: number;
  installation: number;
  /** PKCS #1, as GitHub hands it out. */
  privateKey: string;
  publicKey: KeyObject;
  bot: User;
}

/** Tokens, and the apps that may make them. */
export class Access {
  readonly apps: GithubApp[] = [];
  readonly #tokens = new Map<string, { user: User; app?: GithubApp }>();
  readonly #world: GithubWorld;
  #made = 0;

  constructor(world: GithubWorld) {
    this.#world = world;
  }

  /** A fine-grained token of a person. */
  token(user: User): string {
    const token = `github_pat_${String(++this.#made).padStart(22, '0')}`;
    this.#tokens.set(token, { user });
    return token;
  }

  addApp(name: string): GithubApp {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const app = {
      id: this.#world.id(),
      installation: this.#world.id(),
      privateKey: pem,
      publicKey: createPublicKey(pem),
      bot: this.#world.addUser(`${name}[bot]`, { type: 'Bot' }),
    };
    this.apps.push(app);
    return app;
  }

  /** Every token that was ever given is void. */
  revoke(): void {
    this.#tokens.clear();
  }

  /** A token of an installation, for a JWT that the app signed. Throws 401, 404. */
  install(call: Call, installation: number): string {
    const app = this.#signed(call);
    if (app.installation !== installation) throw new ApiError(404, 'Not Found');
    const token = `ghs_${String(++this.#made).padStart(36, '0')}`;
    this.#tokens.set(token, { user: app.bot, app });
    return token;
  }

  /** Throws 401. */
  who(call: Call): User {
    const [, token = ''] = /^(?:token|bearer) (.+)$/i.exec(call.headers.authorization ?? '') ?? [];
    const known = this.#tokens.get(token);
    if (known === undefined) throw new ApiError(401, 'Bad credentials');
    return known.user;
  }

  #signed({ headers }: Call): GithubApp {
    const [, head = '', payload = '', signature = ''] =
      /^bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(headers.authorization ?? '') ?? [];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as Record<
      string,
      unknown
    >;
    const app = this.apps.find(({ id }) => String(id) === String(claims['iss']));
    const now = Date.now() / 1000;
    const good =
      app !== undefined &&
      verify(
        'sha256',
        Buffer.from(`${head}.${payload}`),
        app.publicKey,
        Buffer.from(signature, 'base64url'),
      ) &&
      Number(claims['exp']) > now &&
      Number(claims['exp']) <= now + 600;
    if (!good) throw new ApiError(401, 'A JSON web token could not be decoded');
    return app;
  }
}
