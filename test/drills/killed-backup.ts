import { driverServices } from '../../daemon/drills/drivers/index.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { makeHome } from './home.ts';

/* Run as a process of its own: starts a backup of a new home in argv[2] and kills itself before the manifest is written. */
const t = await makeHome(process.argv[2] ?? '');
const services = driverServices({
  ...t.deps,
  fs: {
    ...nodeFs,
    async open(path, flags, mode) {
      if (path.endsWith('public-keys.json')) process.kill(process.pid, 'SIGKILL');
      return nodeFs.open(path, flags, mode);
    },
  },
});
await services.backup('reeve', {}, t.context);
