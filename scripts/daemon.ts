import { readFileSync } from 'node:fs';
import type { Manifest } from '../cli/local/bundle.ts';
import { startFromSnapshot, type Kept } from '../cli/local/snapshot.ts';
import { parseEstate, SHIPPED } from '../daemon/estate/load.ts';
import { prepareApp } from '../daemon/http/app.ts';
import { checkBody } from '../daemon/ledger/line.ts';
import { up } from '../daemon/main.ts';

/* Where the bundle begins. */
export { up };

/**
 * What a start need not do again: the API is put together, and what each start runs has been compiled. Nothing of it may
 * rest on the time, the environment or chance: they would be the same at every start.
 */
export async function prepare(): Promise<void> {
  await prepareApp();
  await parseEstate(readFileSync(SHIPPED));
  const digest = `sha256:${'0'.repeat(64)}`;
  checkBody('daemon.started', { reeve: '0.0.0', node: 'v24.0.0', pid: 1, config_version: digest });
  const { default: nacl } = await import('tweetnacl');
  const [nonce, key] = [new Uint8Array(nacl.secretbox.nonceLength), new Uint8Array(nacl.secretbox.keyLength)];
  nacl.secretbox.open(nacl.secretbox(new Uint8Array(64), nonce, key), nonce, key);
}

if (process.execArgv.includes('--build-snapshot-config')) {
  const cache = process.argv.at(-1) ?? '';
  const { runs, root, inputs } = JSON.parse(readFileSync(`${cache}manifest.json`, 'utf8')) as Manifest;
  const kept: Kept = { runs, root, inputs, cache };
  // Node waits for it.
  void prepare();
  process
    .getBuiltinModule('node:v8')
    .startupSnapshot.setDeserializeMainFunction(() => void startFromSnapshot(kept, { up }));
}
