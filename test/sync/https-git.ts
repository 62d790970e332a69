import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { newAuthority, newCertificate } from '../helpers/certificates.ts';

export interface HttpsGit {
  address: string;
  /** Certificate of the authority that signed the server's. */
  authority: string;
  /** `GET 401`, in order. */
  seen: string[];
}

const SERVICES = ['git-upload-pack', 'git-receive-pack'];

/** Git's smart HTTP in front of a bare repository, for who brings this header (git-scm.com, "HTTP transfer protocols"). */
export async function serveGit(folder: string, authorization: string): Promise<HttpsGit> {
  const authority = await newAuthority();
  const { key, cert } = await newCertificate({ names: ['127.0.0.1'], authority });
  const seen: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    const status = request.headers.authorization === authorization ? 200 : 401;
    seen.push(`${request.method} ${status}`);
    if (status === 401) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who?');
      return;
    }
    serve(folder, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: `https://127.0.0.1:${port}/shop.git`, authority: authority.cert, seen };
}

function serve(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'https://127.0.0.1');
  const advertised = url.searchParams.get('service');
  const service = advertised ?? url.pathname.split('/').at(-1) ?? '';
  if (!SERVICES.includes(service)) {
    response.writeHead(404).end();
    return;
  }
  const words = advertised === null ? ['--stateless-rpc'] : ['--stateless-rpc', '--advertise-refs'];
  const child = spawn('git', [service.slice(4), ...words, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const what = advertised === null ? 'result' : 'advertisement';
  response.writeHead(200, { 'content-type': `application/x-${service}-${what}` });
  if (advertised !== null) {
    const line = `# service=${service}\n`;
    response.write(`${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`);
  }
  request.pipe(child.stdin);
  child.stdout.pipe(response);
}
