import { RemoteAddress, type PushSpec } from '../../contracts/estate/release.ts';
import { fail } from '../../contracts/errors.ts';
import { GitFailed, git } from '../git.ts';
import type { ReleaseRemote } from '../ports/releases.ts';
import { oneLine } from '../text.ts';
import type { Place, Repository } from './repository.ts';
import { withSsh } from './ssh.ts';

/** What the remote is asked takes no longer, ms. */
const LOOK_MS = 30_000;
const PUSH_MS = 180_000;

export interface RemoteDeps extends Place {
  repository: Repository;
  spec: PushSpec;
  secret(name: string): Promise<string>;
  /** Folder for a key while it is used. */
  keysIn: string;
}

/** What stands at the remote: the branch's newest commit, and what the tag names (its own object, and its commit). */
interface Standing {
  tip: string | undefined;
  tag: { object: string; commit: string } | undefined;
}

/** Where a release goes. It is asked over https, ssh or as a folder only, and runs no program that the repository names. */
export class Remote {
  readonly #deps: RemoteDeps;
  readonly address: string;
  readonly branch: string;

  private constructor(deps: RemoteDeps, address: string, branch: string) {
    this.#deps = deps;
    this.address = address;
    this.branch = branch;
  }

  /** Rejects RELEASE_REFUSED: no such remote, an address that is none of ours, another branch. */
  static async open(deps: RemoteDeps, branch: string): Promise<Remote> {
    const { repository, spec } = deps;
    if (spec.branch !== undefined && spec.branch !== branch)
      throw repository.refuse(`it is released from ${spec.branch}, and ${branch} is checked out`);
    const named = RemoteAddress.safeParse(spec.remote).success
      ? spec.remote
      : await repository.ask('remote', 'get-url', '--push', '--', spec.remote);
    if (named === undefined) throw repository.refuse(`it has no remote ${spec.remote}`);
    const address = RemoteAddress.safeParse(named);
    if (!address.success)
      throw repository.refuse(
        `its remote ${spec.remote} is at no address that is pushed to: ${address.error.issues[0]?.message ?? ''}`,
      );
    if (spec.token !== undefined && !address.data.startsWith('https:'))
      throw repository.refuse('a token is for https addresses only');
    if ((spec.key !== undefined || spec.host_keys.length > 0) && !/^(?:ssh:|[\w.]+@)/.test(address.data))
      throw repository.refuse('key and host_keys are for ssh addresses only');
    if ((await replaced(repository)).some((one) => address.data.startsWith(one)))
      throw repository.refuse(
        `its configuration sends what is for ${address.data} elsewhere (url.….insteadOf)`,
      );
    return new Remote(deps, address.data, branch);
  }

  /**
   * Whether the release can go there: nobody is ahead, and the tag is nobody else's. Changes nothing. Rejects
   * RELEASE_REFUSED.
   *
   * @param cut the commit that is tagged here, once it is
   */
  async look(base: string, tag: string, cut: string | undefined): Promise<ReleaseRemote> {
    const { repository } = this.#deps;
    const { tip, tag: there } = await this.#standing(tag);
    const { address, branch } = this;
    if (there !== undefined && there.commit !== cut)
      throw repository.refuse(`the tag ${tag} is at ${address} already, at ${there.commit.slice(0, 12)}`);
    const behind = tip === undefined || (await repository.isIn(tip, cut ?? base));
    const within = tip !== undefined && cut !== undefined && (await repository.isIn(cut, tip));
    if (!behind && !within && there === undefined)
      throw repository.refuse(
        `${branch} at ${address} has commits that are not in it (${tip?.slice(0, 12) ?? ''}): pull them first`,
      );
    return { address, branch, tip: tip ?? null, tagged: there !== undefined, ahead: !behind };
  }

  /** The branch and the tag, or neither; once more, where both stand there, nothing. Rejects RELEASE_UNFINISHED, RELEASE_REFUSED. */
  async push(base: string, tag: string, commit: string): Promise<'pushed' | 'there'> {
    const { tagged, ahead, tip } = await this.look(base, tag, commit);
    if (tagged && (ahead || tip === commit)) return 'there';
    const refs = [
      ...(ahead ? [] : [`${commit}:refs/heads/${this.branch}`]),
      ...(tagged ? [] : [`refs/tags/${tag}:refs/tags/${tag}`]),
    ];
    try {
      await this.#git(
        PUSH_MS,
        'push',
        '--atomic',
        '--no-verify',
        '--no-signed',
        '--no-follow-tags',
        '--recurse-submodules=no',
        '--receive-pack=git-receive-pack',
        '--',
        this.address,
        ...refs,
      );
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error;
      throw fail(
        'RELEASE_UNFINISHED',
        { project: this.#deps.project, tag, what: `pushed to ${this.address}`, why: whyOf(error) },
        { cause: error },
      );
    }
    return 'pushed';
  }

  /** As people would type it. */
  commands(tag: string): string[] {
    return [`git push --atomic ${this.address} ${this.branch} refs/tags/${tag}`];
  }

  async #standing(tag: string): Promise<Standing> {
    const branch = `refs/heads/${this.branch}`;
    const named = `refs/tags/${tag}`;
    let text: string;
    try {
      text = await this.#git(
        LOOK_MS,
        'ls-remote',
        '--upload-pack=git-upload-pack',
        '--',
        this.address,
        branch,
        named,
        `${named}^{}`,
      );
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error;
      throw this.#deps.repository.refuse(`${this.address} cannot be asked: ${error.message}`, error);
    }
    const refs = new Map(
      text.split('\n').flatMap((line): [string, string][] => {
        const [id, ref] = line.split('\t');
        return id === undefined || ref === undefined ? [] : [[ref, id]];
      }),
    );
    const object = refs.get(named);
    return {
      tip: refs.get(branch),
      tag: object === undefined ? undefined : { object, commit: refs.get(`${named}^{}`) ?? object },
    };
  }

  async #git(timeout: number, ...args: string[]): Promise<string> {
    const { clock, folder, signal, spec, secret, keysIn } = this.#deps;
    return withSsh({ ...spec, keysIn, secret }, async (ssh) =>
      git(
        {
          clock,
          folder,
          timeout,
          env: { ...(await this.#env(spec)), GIT_SSH_COMMAND: ssh },
          ...(signal === undefined ? {} : { signal }),
        },
        ...args,
      ),
    );
  }

  /**
   * What the repository's own configuration may name is not used: helpers, askers, another way to check certificates. The
   * token stands in the environment of this one call, since others on this machine can read arguments.
   */
  async #env({ token, user }: PushSpec): Promise<Record<string, string>> {
    const secret = token === undefined ? undefined : (await this.#deps.secret(token)).trim();
    const basic = Buffer.from(`${user}:${secret ?? ''}`).toString('base64');
    const config: [string, string][] = [
      ['credential.helper', ''],
      ['http.followRedirects', 'false'],
      [`http.${this.address}.sslVerify`, 'true'],
      ...(secret === undefined
        ? []
        : [[`http.${this.address}.extraHeader`, `Authorization: Basic ${basic}`] as [string, string]]),
    ];
    return {
      GIT_ALLOW_PROTOCOL: 'https:ssh:file',
      GIT_ASKPASS: '',
      GIT_CONFIG_COUNT: String(config.length),
      ...Object.fromEntries(
        config.flatMap(([key, value], n) => [
          [`GIT_CONFIG_KEY_${n}`, key],
          [`GIT_CONFIG_VALUE_${n}`, value],
        ]),
      ),
    };
  }
}

/** What the other side said, and which reference it did not take: Git's own last line only says that something failed. */
function whyOf({ said, message }: GitFailed): string {
  const lines = said.split(/[\r\n]+/).map((line) => line.trim());
  const telling = lines.filter((line) => /^(?:remote:\s*\S|! \[|fatal:)/.test(line));
  return telling.length === 0 ? message : oneLine(telling.join('; '), 500);
}

/** Addresses that the repository's configuration replaces by others (`url.<other>.insteadOf`). */
async function replaced(repository: Repository): Promise<string[]> {
  const text = await repository.ask('config', '-z', '--get-regexp', String.raw`^url\..*\.(push)?insteadof$`);
  // `name\nvalue\0`; a name may have spaces in it.
  return (text ?? '').split('\0').flatMap((one) => /^[^\n]*\n([^]+)$/.exec(one)?.[1] ?? []);
}
