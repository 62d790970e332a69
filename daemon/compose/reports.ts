import path from 'node:path';
import { makeFolder, replaceDurably } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';
import type { Zones } from '../zones/index.ts';

const REPORTS_FOLDER = 'grimoires/loa/deployment/reports';

export interface ReportDeps {
  fs: Fs;
  zones: Pick<Zones, 'checkWrite'>;
  /** Of the estate. */
  root: string;
}

/** Writes a report for people into the state zone; resolves to its path below the estate. Rejects `ZONE_REFUSED` and as the disk does. */
export async function writeReport(
  { fs, zones, root }: ReportDeps,
  name: string,
  text: string,
): Promise<string> {
  const file = await zones.checkWrite(path.join(root, REPORTS_FOLDER, path.basename(name)));
  await makeFolder(fs, path.dirname(file), 0o755);
  await replaceDurably(fs, file, Buffer.from(text), 0o644);
  return path.join(REPORTS_FOLDER, path.basename(name));
}
