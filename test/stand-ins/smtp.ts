import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { selfSigned } from './certificate.ts';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: unknown;
  readonly secure: boolean;
  /** As it came over the wire. */
  readonly raw: string;
}

export interface SmtpStandIn {
  readonly port: number;
  readonly ca: string;
  readonly mails: Mail[];
  /** The next command of this kind gets this answer instead: `[code, words]`. */
  readonly refusals: Partial<Record<'connect' | 'auth' | 'recipient' | 'data', readonly [number, string]>>;
  /** Set to stop answering from the connection on. */
  hang: boolean;
  /** Set to cut the connection when data begins. */
  cut: boolean;
  close(): Promise<void>;
}

const refusal = (answer: readonly [number, string] | undefined): Error | undefined =>
  answer && Object.assign(new Error(answer[1]), { responseCode: answer[0] });

/** A mail server with a certificate of its own: STARTTLS and AUTH (user `retrain`, password `right`), unless `options` say otherwise. */
export async function smtpStandIn(
  context: Pick<TestContext, 'after'>,
  options: SMTPServerOptions & { names?: readonly string[] } = {},
): Promise<SmtpStandIn> {
  const { names = ['localhost', '127.0.0.1'], ...more } = options;
  const { key, certificate } = selfSigned(names);
  const server = new SMTPServer({
    key,
    cert: certificate,
    name: 'stand-in',
    closeTimeout: 100,
    onConnect(session, done) {
      if (standIn.hang) return;
      done(refusal(standIn.refusals.connect));
      void session;
    },
    onAuth(auth, _session, done) {
      const right = auth.username === 'retrain' && auth.password === 'right';
      const refused =
        refusal(standIn.refusals.auth) ?? (right ? undefined : Object.assign(new Error('5.7.8 Bad credentials'), { responseCode: 535 }));
      if (refused) done(refused);
      else done(null, { user: auth.username });
    },
    onRcptTo(address, _session, done) {
      done(
        address.address.startsWith('nobody')
          ? Object.assign(new Error('5.1.1 No such user'), { responseCode: 550 })
          : refusal(standIn.refusals.recipient),
      );
    },
    onData(stream, session, done) {
      if (standIn.cut) {
        for (const connection of server.connections) (connection as unknown as { _socket: { destroy(): void } })._socket.destroy();
        return;
      }
      let raw = '';
      stream.setEncoding('utf8');
      stream.on('data', (part: string) => (raw += part));
      stream.on('end', () => {
        const refused = refusal(standIn.refusals.data);
        if (refused) return done(refused);
        const from = session.envelope.mailFrom;
        standIn.mails.push({
          from: from ? from.address : '',
          to: session.envelope.rcptTo.map(({ address }) => address),
          user: session.user,
          secure: session.secure,
          raw,
        });
        done();
      });
    },
    ...more,
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const standIn: SmtpStandIn = {
    port: (server.server.address() as AddressInfo).port,
    ca: certificate,
    mails: [],
    refusals: {},
    hang: false,
    cut: false,
    close: () => new Promise<void>((resolve) => (server.server.listening ? server.close(() => resolve()) : resolve())),
  };
  context.after(() => standIn.close());
  return standIn;
}
