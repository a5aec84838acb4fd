import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TLSSocket } from 'node:tls';
import { scratchFolder } from '../contracts/scratch.ts';
import { selfSigned } from './certificate.ts';

export interface GoogleHosts {
  /** What makes a process reach the stand-ins by Google's names. */
  readonly env: Readonly<Record<string, string>>;
  /** `HOST` of every connection, in order. */
  readonly connections: readonly string[];
  /** Requests for objects that came without a token that was given out. */
  readonly refused: readonly string[];
}

interface Places {
  readonly region: string;
  /** Origins of the token services and of the bucket, `HOST:PORT` of Vertex AI. */
  readonly tokens: string;
  readonly storage: string;
  readonly vertex: string;
  /** Is this a token for Google's services? */
  readonly mayEnter: (token: string) => boolean;
}

/**
 * Google's own host names for programs that know no stand-in: a proxy as companies have them, which ends TLS with a certificate of its own. So
 * what a run on GitHub does is done whole: names, TLS, the token of every call.
 * Not imitated: other hosts (refused), redirects, HTTP/2 but for gRPC.
 */
export async function googleHosts(context: Pick<TestContext, 'after'>, places: Places): Promise<GoogleHosts> {
  const vertex = `${places.region}-aiplatform.googleapis.com`;
  const origins: Readonly<Record<string, string>> = {
    'sts.googleapis.com': places.tokens,
    'iamcredentials.googleapis.com': places.tokens,
    'storage.googleapis.com': places.storage,
  };
  const { key, certificate } = selfSigned([vertex, ...Object.keys(origins)]);
  const connections: string[] = [];
  const refused: string[] = [];
  const sockets = new Set<Socket>();

  const forward = (request: IncomingMessage, response: ServerResponse) => {
    const host = (request.headers.host ?? '').replace(/:443$/, '');
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    if (host === 'storage.googleapis.com' && !places.mayEnter(token)) {
      refused.push(`${request.method} ${request.url}`);
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"code":401,"message":"Invalid Credentials"}}');
      return;
    }
    const { hostname, port } = new URL(origins[host]!);
    const onward = httpRequest(
      { hostname, port, path: request.url, method: request.method, headers: { ...request.headers, host: `${hostname}:${port}` } },
      (reply) => {
        response.writeHead(reply.statusCode!, reply.headers);
        reply.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };
  const plain = createTlsServer({ key, cert: certificate }, forward);
  const proxy = createServer((_request, response) => void response.writeHead(405).end());
  proxy.on('connect', (request, socket: Socket) => {
    const [host = ''] = (request.url ?? '').split(':');
    connections.push(host);
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    if (host !== vertex && !(host in origins)) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (host !== vertex) return void plain.emit('connection', socket);
    const inside = new TLSSocket(socket, { isServer: true, key, cert: certificate, ALPNProtocols: ['h2'] });
    const [address, port] = places.vertex.split(':');
    const onward = connect(Number(port), address);
    sockets.add(onward);
    for (const [from, to] of [
      [inside, onward],
      [onward, inside],
    ] as const) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  context.after(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });

  const authority = join(await scratchFolder(context), 'authority.pem');
  await writeFile(authority, certificate);
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const direct = '127.0.0.1,localhost,github.localhost';
  return {
    env: {
      HTTPS_PROXY: address,
      https_proxy: address,
      NO_PROXY: direct,
      no_proxy: direct,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: authority,
    },
    connections,
    refused,
  };
}
