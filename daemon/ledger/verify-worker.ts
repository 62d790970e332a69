import { parentPort } from 'node:worker_threads';
import { blockingSource } from './blocking.ts';
import { scanWork, type Work } from './scan.ts';

/** Takes part in the one work that it is sent, says `{id, result}` after each piece and ends. An error ends it too. */
parentPort?.once('message', (work: Work) => {
  void scanWork(blockingSource, work, (id, result) => parentPort?.postMessage({ id, result }));
});
