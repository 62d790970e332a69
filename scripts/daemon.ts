import { readFileSync } from 'node:fs';
import type { Manifest } from '../cli/local/bundle.ts';
import { startFromSnapshot, type Kept } from '../cli/local/snapshot.ts';
import { up } from '../daemon/main.ts';

/* Where the bundle begins. */
export { up };

if (process.execArgv.includes('--build-snapshot')) {
  const [, , cache = ''] = process.argv;
  const { runs, root, inputs } = JSON.parse(readFileSync(`${cache}manifest.json`, 'utf8')) as Manifest;
  const kept: Kept = { runs, root, inputs, cache };
  process
    .getBuiltinModule('node:v8')
    .startupSnapshot.setDeserializeMainFunction(() => void startFromSnapshot(kept, { up }));
}
