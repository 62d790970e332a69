#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { leaveWithReader } from './io/terminal.ts';

// In the clone and not in a folder of the system that others may write to: what is cached there is run.
// The launcher has done so before this file was read.
if (process.env['NODE_COMPILE_CACHE'] === undefined)
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/reeve', import.meta.url)));
leaveWithReader();

const argv = process.argv.slice(2);
// The two whose time counts go past the parser.
const quick = argv.includes('up')
  ? await (await import('./up.ts')).quickUp(argv)
  : await (await import('./status.ts')).quickStatus(argv);
process.exitCode = quick ?? (await (await import('./run.ts')).run(argv));
