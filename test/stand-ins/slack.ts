import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface SlackStandIn {
  readonly webhook: string;
  readonly bodies: string[];
  /** How the next requests are answered; the default is 200 `ok`. */
  readonly answers: ((response: ServerResponse) => void)[];
  close(): Promise<void>;
}

/** What an incoming webhook does: takes JSON, says `ok`, or refuses with a status and a word. */
export async function slackStandIn(context: Pick<TestContext, 'after'>): Promise<SlackStandIn> {
  const bodies: string[] = [];
  const answers: ((response: ServerResponse) => void)[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer) return answer(response);
    bodies.push(body);
    response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  context.after(close);
  return { webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T0/B0/secretpart`, bodies, answers, close };
}

export const say =
  (status: number, text: string, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, headers).end(text);
  };
