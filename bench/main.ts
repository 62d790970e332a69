import { parseArgs } from 'node:util';
import { measure, type Result } from './harness.ts';
import { suites } from './index.ts';
import { machine } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
});

if (values.help === true) {
  console.log('npm run bench [-- name…] [-- --json]\n\nSuites: ' + Object.keys(suites).join(', '));
} else {
  const wanted = Object.entries(suites).filter(
    ([name]) => positionals.length === 0 || positionals.includes(name),
  );
  const unknown = positionals.filter((name) => !Object.hasOwn(suites, name));
  if (unknown.length > 0) {
    console.error(`There is no suite ${unknown.join(', ')}. Suites: ${Object.keys(suites).join(', ')}`);
    process.exitCode = 2;
  } else await main(wanted);
}

async function main(wanted: [string, (typeof suites)[string]][]): Promise<void> {
  const results: Result[] = [];
  if (values.json !== true) {
    const m = machine();
    console.log(`${m.cpu}, ${m.cores} cores, Node ${m.node}, ${m.fdatasyncPerSecond} fdatasync/s\n`);
    console.log(row(['what', 'ours', 'reference', 'ratio', 'goal', '']));
  }
  for (const [, load] of wanted)
    for (const bench of (await load()).benches) {
      const result = await measure(bench);
      results.push(result);
      if (values.json !== true) console.log(row(cells(result)));
    }
  if (values.json === true) console.log(JSON.stringify(results, null, 2));
  if (results.some((r) => !r.ok)) process.exitCode = 1;
}

function cells(r: Result): string[] {
  const goal = `${r.better === 'higher' ? '≥' : '≤'} ${r.goal}`;
  return [
    r.name,
    `${figure(r.ours)} ${r.unit}`,
    figure(r.reference),
    r.ratio.toFixed(2),
    goal,
    r.ok ? 'ok' : 'MISSED',
  ];
}

function figure(n: number): string {
  return n >= 100 ? Math.round(n).toLocaleString('en-US') : n.toPrecision(3);
}

function row(columns: string[]): string {
  const widths = [58, 20, 12, 7, 8, 6];
  return columns
    .map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
    .join(' ');
}
