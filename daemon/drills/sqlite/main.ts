import { readFileSync } from 'node:fs';
import { ReeveError } from '../../../contracts/errors.ts';
import { Request, type Response } from './request.ts';
import { answer } from './work.ts';

/*
 * A process of its own: node:sqlite works synchronously, and a large database would stop the daemon for as long as it is
 * read. Reads the request from the file named by its argument; prints the response.
 */
const request = Request.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
let response: Response;
try {
  response = await answer(request);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const why = error instanceof ReeveError ? String(error.params['why'] ?? message) : message;
  response = { failed: { code: error instanceof ReeveError ? error.code : 'INTERNAL', message, why } };
}
process.stdout.write(`${JSON.stringify(response)}\n`);
