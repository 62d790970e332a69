import { closeSync, openSync, writeSync } from 'node:fs';
import { Agent, get } from 'node:http';

/*
 * The bare thing: so many probes at an even pace over kept connections, each answer read, held against its status and
 * appended to a file. Nothing is damped, judged, limited or looked up again.
 */
const [port = '0', count = '0', file = '', seconds = '0'] = process.argv.slice(2);
const lines: string[] = [];
const fd = openSync(file, 'a');
let stored = 0;

function probe(name: string, agent: Agent): void {
  const at = Date.now();
  const began = performance.now();
  const failed = (): void => void lines.push(`${name} ${at} down`);
  const sent = get({ host: '127.0.0.1', port: Number(port), agent, timeout: 900 }, (response) => {
    response.resume();
    response.on('end', () => {
      const verdict = response.statusCode === 200 ? 'up' : 'down';
      lines.push(`${name} ${at} ${verdict} ${(performance.now() - began).toFixed(2)}`);
    });
    response.on('error', failed);
  });
  sent.on('timeout', () => sent.destroy(new Error('late')));
  sent.on('error', failed);
}

for (let i = 0; i < Number(count); i++) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  setTimeout(() => setInterval(() => probe(`p${i}`, agent), 1000), i % 1000);
}
setInterval(() => {
  stored += lines.length;
  writeSync(fd, lines.splice(0).join('\n') + '\n');
}, 1000);

// The first seconds open connections and compile.
let cpu = process.cpuUsage();
let before = 0;
setTimeout(() => {
  cpu = process.cpuUsage();
  before = stored;
}, 4000);
setTimeout(
  () => {
    const { user, system } = process.cpuUsage(cpu);
    process.send?.((stored - before) / ((user + system) / 1e6));
    closeSync(fd);
    process.exit();
  },
  4000 + Number(seconds) * 1000,
);
