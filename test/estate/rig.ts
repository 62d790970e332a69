import fs from 'node:fs';
import path from 'node:path';
import { fail } from '../../contracts/errors.ts';
import type { LedgerRecord, RecordType } from '../../contracts/record.ts';
import { RunbookFrontMatter, type Runbook } from '../../contracts/runbook.ts';
import { fileArtifacts } from '../../daemon/artifacts/store.ts';
import { digestOf } from '../../daemon/digest.ts';
import { createConfig, type LiveConfig } from '../../daemon/estate/config.ts';
import { loadEstate } from '../../daemon/estate/load.ts';
import { mandatesProjection } from '../../daemon/estate/mandate-projection.ts';
import { createMandates, type LiveMandates } from '../../daemon/estate/mandates.ts';
import { configVersionsProjection, type VersionDeps } from '../../daemon/estate/versions.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { runbookBytes } from '../../daemon/runbook/folder.ts';
import { collect, newSigner, openTest, tempDir, type Opened } from '../helpers/ledger.ts';

export const ESTATE = `version: 1
estate: { name: test }
projects: { web: { environments: { dev: {}, prod: {} } } }
schedules:
  nightly: { runbook: backup, cron: '15 3 * * *', project: web, env: dev }
`;

/** A runbook's text: front matter and one step; further steps call the named runbooks. */
const runbookText = (id: string, body: string, calls: string[] = []): string =>
  [
    `---\nrunbook: ${id}\n---`,
    `\`\`\`sh { name=go }\n${body}\n\`\`\``,
    ...calls.map((c) => `\`\`\`call { runbook=${c} }\n\`\`\``),
    '',
  ].join('\n');

/** The folder of runbooks, read afresh at each call: only as much of a loader as mandates need. */
export function folderOfRunbooks(dir: string): {
  get(id: string): Promise<Runbook>;
  list(): Promise<Runbook[]>;
} {
  const get = async (id: string): Promise<Runbook> => {
    const file = path.join(dir, `${id}.md`);
    if (!fs.existsSync(file)) throw fail('RUNBOOK_NOT_FOUND', { id, suggestion: 'none' });
    const text = fs.readFileSync(file, 'utf8');
    const steps = [...text.matchAll(/^```call \{ runbook=(.+) \}$/gm)].map((m, i) => ({
      name: `call-${i}`,
      kind: 'call',
      line: 1,
      heading: '',
      on: 'normal' as const,
      timeout_ms: 1000,
      attributes: { runbook: m[1] ?? '' },
      text: '',
    }));
    const front = RunbookFrontMatter.parse({ runbook: id, title: id });
    return { front, source: `runbooks/${id}.md`, digest: digestOf(text), steps, prose: [], text };
  };
  const list = (): Promise<Runbook[]> =>
    Promise.all(
      fs
        .readdirSync(dir)
        .filter((name) => name.endsWith('.md'))
        .map((name) => get(name.slice(0, -3))),
    );
  return { get, list };
}

export interface EstateRig extends Opened {
  root: string;
  /** Folder of the artifacts. */
  store: string;
  config: LiveConfig;
  mandates: LiveMandates;
  deps: VersionDeps;
  told: string[];
  write(yaml: string): void;
  runbook(id: string, body: string, calls?: string[]): void;
  records<T extends RecordType>(...types: T[]): Promise<LedgerRecord<T>[]>;
}

/** An estate on disk with a real ledger and artifact store. */
export async function estateRig(yaml = ESTATE): Promise<EstateRig> {
  const root = await tempDir();
  const home = await tempDir();
  fs.mkdirSync(path.join(root, 'runbooks'));
  const write = (text: string): void => fs.writeFileSync(path.join(root, 'reeve.yaml'), text);
  const runbook = (id: string, body: string, calls?: string[]): void =>
    fs.writeFileSync(path.join(root, 'runbooks', `${id}.md`), runbookText(id, body, calls));
  write(yaml);
  runbook('backup', 'echo one');
  const opened = await openTest(path.join(home, 'ledger'), newSigner(), {
    projections: [configVersionsProjection, mandatesProjection],
  });
  const { ledger, state, clock } = opened;
  const deps = { ledger, state, artifacts: fileArtifacts({ fs: nodeFs, dir: home }) };
  const told: string[] = [];
  const config = createConfig(await loadEstate(path.join(root, 'reeve.yaml')), {
    ...deps,
    clock,
    tell: (_, message) => void told.push(message),
  });
  const runbooks = folderOfRunbooks(path.join(root, 'runbooks'));
  const records = async <T extends RecordType>(...types: T[]): Promise<LedgerRecord<T>[]> =>
    (await collect(ledger.read(0))).filter((r) => (types as string[]).includes(r.type)) as LedgerRecord<T>[];
  const files = (): Promise<Map<string, Uint8Array>> =>
    runbookBytes(nodeFs, { root, path: config.current().config.runbooks.path });
  const mandates = createMandates({ ...deps, config, runbooks, files });
  return { ...opened, root, store: home, config, mandates, deps, told, write, runbook, records };
}
