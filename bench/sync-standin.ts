import { startGithub } from '../test/standins/github/index.ts';
import { fill } from '../test/standins/github/bulk.ts';

/** A stand-in of GitHub with one repository; says its port and the token. Its calls are not kept. */
const github = await startGithub();
const [each = '25000'] = process.argv.slice(2);
fill(github.world.addRepo('acme', 'shop'), Number(each));
github.rest.limit = { limit: 1_000_000, remaining: 1_000_000, reset: github.rest.limit.reset };
setInterval(() => (github.rest.calls.length = 0), 1000).unref();
const token = github.access.token(github.world.addUser('reeve-bot'));
process.send?.({ api: github.api, token });
process.once('SIGTERM', () => process.exit(0));
