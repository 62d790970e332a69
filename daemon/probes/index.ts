import path from 'node:path';
import type { Fs } from '../ports/fs.ts';
import { ProbeEngine, type EngineDeps } from './engine.ts';
import { kinds } from './kinds/index.ts';
import { Memos } from './memos.ts';
import { SampleStore } from './samples/store.ts';
import { openTokens } from './tokens.ts';

export interface OpenDeps extends Omit<EngineDeps, 'samples' | 'memos' | 'tokens' | 'kinds'> {
  fs: Fs;
  random(bytes: number): Uint8Array;
  /** Folder of the samples. */
  dir: string;
  /** File of the key that push tokens are made with. */
  tokenKey: string;
}

/** Opens the samples and starts the probes of the estate in force. Rejects as the disk does. */
export async function openProbes(deps: OpenDeps): Promise<ProbeEngine> {
  const { fs, clock, dir, config, warn, alerts } = deps;
  const key = 'probes:samples';
  const samples = await SampleStore.open({
    fs,
    clock,
    dir,
    warn,
    retention: () => config.current().config.watch.retention,
    trouble(why) {
      const told =
        why === null
          ? alerts()?.resolve(key, 'samples are stored again')
          : alerts()?.raise({
              key,
              severity: 'warn',
              source: 'daemon',
              title: 'Samples of probes cannot be stored',
              text: `${why}. Probing goes on; samples are kept in memory as long as there is room.`,
            });
      told?.catch((error: unknown) => warn('the alert about samples', error));
    },
  });
  const engine = new ProbeEngine({
    ...deps,
    kinds,
    samples,
    memos: new Memos(fs, path.join(dir, 'memos')),
    tokens: await openTokens(fs, deps.tokenKey, deps.random),
  });
  // What an earlier process could not store is no longer its matter; whether this one can, shows.
  await alerts()
    ?.resolve(key, 'the samples were opened anew')
    .catch((error: unknown) => warn('the alert about samples', error));
  await engine.reload();
  return engine;
}
