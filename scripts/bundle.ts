import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'rolldown';
import { minifySync, parseSync } from 'rolldown/utils';
import { CACHE, freshBundle, identityOf, ROOT, RUNS, stampOf, type Manifest } from '../cli/local/bundle.ts';

const ENTRY = 'scripts/daemon.ts';
/** Decide which files an import means, without being imported. */
const DECIDING = [
  'scripts/bundle.ts',
  'package.json',
  'package-lock.json',
  'node_modules/.package-lock.json',
];
/**
 * First line of the bundle: what makes a snapshot runs it without the beginnings of a CommonJS module. Not part of what is
 * bundled, where it would get another name.
 */
const EXPORTS = "var exports = typeof exports === 'object' ? exports : {};";
/** File systems stamp with the time of the last tick, ms. */
const TICK = 20;

/**
 * Writes the daemon into one file, unless the one that is there is right. All or nothing: a reader sees the old bundle,
 * none, or the new one. Rejects when a file was changed meanwhile.
 *
 * @returns its path.
 */
export async function makeBundle(cache = CACHE): Promise<string> {
  const there = freshBundle(cache);
  if (there !== undefined) return there;
  const { rolldown } = await import('rolldown');
  const began = Date.now();
  const files = new Set(DECIDING.map((file) => ROOT + file));
  const build = await rolldown({
    input: ROOT + ENTRY,
    cwd: ROOT,
    platform: 'node',
    tsconfig: false,
    transform: { target: 'esnext' },
    plugins: [builtins, places(files), shorter],
    onLog(level, log) {
      // What the packages do is theirs; what cannot be bundled would only fail when it runs.
      if (level === 'warn' && log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
    },
  });
  const { output } = await build.generate({
    format: 'cjs',
    // One file: a daemon that loaded it never needs another one, whatever happens to the clone while it runs.
    codeSplitting: false,
    // One character beyond Latin-1 would double what the text takes in memory.
    charset: 'ascii',
    comments: { legal: false, annotation: false, jsdoc: false },
    // The text stands in memory twice, in the heap and in the snapshot: every third character was white space.
    // Functions and classes keep their names, for stack traces; daemon/trace.ts finds the rest in the map.
    minify: {
      compress: false,
      mangle: { toplevel: true, keepNames: true },
      codegen: { removeWhitespace: true },
    },
    sourcemap: 'hidden',
    sourcemapExcludeSources: true,
    sourcemapPathTransform: (source, map) => resolve(dirname(map), source),
    keepNames: true,
  });
  await build.close();
  const [{ code, map }, ...more] = output;
  if (more.some((part) => part.type === 'chunk')) throw new Error('the bundle is more than one file');
  const inputs: Manifest['inputs'] = {};
  for (const path of files) {
    const stamp = stampOf(path);
    if (stamp[2] > began - TICK) throw new Error(`${path} was changed meanwhile`);
    inputs[relative(ROOT, path)] = stamp;
  }
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  // Always the same name: Node's compile cache goes by it, and would keep the code of every bundle there ever was.
  const file = 'daemon.cjs';
  if (map !== null) put(`${cache}${file}.map`, JSON.stringify({ ...map, mappings: `;${map.mappings}` }));
  const identity = put(cache + file, `${EXPORTS}\n${code}//# sourceMappingURL=${file}.map\n`);
  // Last: until it is there, and names this very file, the files themselves run.
  const manifest: Manifest = { runs: RUNS, root: ROOT, file, identity, inputs };
  put(`${cache}manifest.json`, JSON.stringify(manifest));
  return cache + file;
}

/**
 * Node's own modules, each loaded when the first file that uses it runs: as imports of one file they would all be loaded at
 * every start, with all of their exports looked at (see daemon/node-http.ts).
 */
const builtins: Plugin = {
  name: 'builtins',
  resolveId: (id) => (isBuiltin(id) ? `\0${id}` : null),
  load(id) {
    if (!id.startsWith('\0') || !isBuiltin(id.slice(1))) return null;
    const name = id.slice(1).replace(/^node:/, '');
    const module = `process.getBuiltinModule("node:${name}")`;
    return LATE.has(name) ? late(name, module) : `module.exports = ${module};`;
  },
};

/** Of packages also what can be said shorter; our own code stays as it was written, but for local names. */
const shorter: Plugin = {
  name: 'shorter',
  transform(code, id) {
    if (!id.startsWith(`${ROOT}node_modules/`) || !/\.[cm]?js$/.test(id)) return null;
    const { module } = parseSync(id, code);
    const esm = module.hasModuleSyntax;
    const short = minifySync(id, code, {
      module: esm,
      compress: true,
      mangle: { toplevel: esm, keepNames: true },
      codegen: { removeWhitespace: false },
    });
    if (short.errors.length > 0) throw new Error(`${id}: ${short.errors[0]?.message}`);
    return { code: short.code, map: null };
  },
};

/** What a snapshot cannot hold, or may not by Node's own list: loaded when something of it is used. */
const LATE = new Set(['child_process', 'http', 'http2', 'https', 'tls', 'worker_threads']);

function late(name: string, module: string): string {
  const exported = process.getBuiltinModule(name) as Record<string, unknown>;
  const property = (key: string): string =>
    // fastify looks at it when it is loaded.
    key === 'STATUS_CODES'
      ? `${key}: ${JSON.stringify(exported[key])},`
      : `get ${key}() { return ${module}.${key}; }, set ${key}(value) { ${module}.${key} = value; },`;
  return `module.exports = { ${Object.keys(exported).map(property).join('\n')} };`;
}

/** Notes each file that is read, and keeps what a file says about its own place true. */
function places(files: Set<string>): Plugin {
  return {
    name: 'places',
    transform(code, id) {
      if (!id.startsWith(ROOT)) return null;
      files.add(id);
      const own = !id.startsWith(`${ROOT}node_modules/`);
      if (own && /import\.meta\.(?!url\b)/.test(code))
        throw new Error(`${id}: of import.meta only url is bundled`);
      const url = JSON.stringify(pathToFileURL(id).href);
      const file = JSON.stringify(id);
      const folder = JSON.stringify(id.slice(0, id.lastIndexOf('/')));
      const placed = code
        .replaceAll(/\bimport\.meta\.url\b/g, url)
        .replaceAll(/\b__dirname\b(?!\s*[=:])/g, folder)
        .replaceAll(/\b__filename\b(?!\s*[=:])/g, file);
      return placed === code ? null : { code: placed };
    },
  };
}

/** Durable before it has its name. Returns which file it is, also when another maker replaces it at once. */
function put(path: string, text: string): string {
  const draft = `${path}.${process.pid}`;
  const fd = openSync(draft, 'w', 0o600);
  let identity: string;
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
    identity = identityOf(fstatSync(fd));
  } finally {
    closeSync(fd);
  }
  renameSync(draft, path);
  return identity;
}

if (import.meta.main) {
  try {
    await makeBundle();
    await (await import('./snapshot.ts')).makeSnapshot();
  } catch (error) {
    // Nothing depends on it but the time of a start.
    console.error(
      `reeve: no bundle or snapshot for a faster start: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
