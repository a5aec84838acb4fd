import { once } from 'node:events';
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

// A line between a client and any HTTP server of this machine: it counts what comes through, and cuts it or falls silent in the middle of a
// download. Not imitated: TLS, trailers, upgrades.

export interface CuttingProxy {
  readonly endpoint: string;
  /** Every download of more than `COUNTED_BYTES`: the range that was asked for, and the bytes of the body that were handed on. */
  readonly downloads: { readonly range: string | undefined; bytes: number }[];
  /** The next of them is cut after so many bytes. */
  cutAfter(bytes: number): void;
  /** The next of them falls silent after so many bytes; resolves when they have been handed on. */
  stallAfter(bytes: number): Promise<void>;
}

/** Answers to questions about objects are smaller. */
const COUNTED_BYTES = 64 * 1024;

/** Stands before the server at `endpoint`, whose addresses it replaces by its own in redirects. */
export async function cuttingProxy(context: Pick<TestContext, 'after'>, endpoint: string): Promise<CuttingProxy> {
  const target = new URL(endpoint);
  const faults: { readonly after: number; readonly kind: 'cut' | 'stall'; readonly reached: () => void }[] = [];
  const downloads: CuttingProxy['downloads'] = [];
  let port = 0;

  const handOn = async (answer: IncomingMessage, range: string | undefined, response: ServerResponse) => {
    const { location } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, {
      ...answer.headers,
      ...(location !== undefined && { location: location.replace(`:${target.port}/`, `:${port}/`) }),
    });
    const large = Number(answer.headers['content-length'] ?? 0) > COUNTED_BYTES;
    const fault = large ? faults.shift() : undefined;
    const seen = { range, bytes: 0 };
    if (large) downloads.push(seen);
    for await (const part of answer as AsyncIterable<Buffer>) {
      const room = (fault?.after ?? Number.POSITIVE_INFINITY) - seen.bytes;
      const passed = part.subarray(0, room);
      seen.bytes += passed.length;
      await new Promise<void>((resolve) => response.write(passed, () => resolve()));
      if (passed.length === room) {
        fault?.reached();
        return fault?.kind === 'cut' ? response.destroy() : undefined;
      }
    }
    return response.end();
  };

  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const onward = ask(
      { host: '127.0.0.1', port: target.port, method, path: url, headers: { ...headers, host: target.host } },
      (answer) => {
        handOn(answer, headers.range, response).catch(() => response.destroy());
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  context.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    downloads,
    cutAfter: (after) => void faults.push({ after, kind: 'cut', reached: () => undefined }),
    stallAfter: (after) => new Promise((reached) => faults.push({ after, kind: 'stall', reached })),
  };
}
