import { UserError } from '../../kernel/errors.ts';

/** Where Vertex AI is asked, and for whose project. */
export interface VertexPlace {
  readonly project: string;
  readonly region: string;
  /** A server of this machine that takes Vertex AI's place, without TLS and credentials. */
  readonly loopback?: { readonly host: string; readonly port: number };
}

/** Values of the shared key `google`. */
interface GoogleKey {
  readonly project?: string;
  readonly region?: string;
}

/**
 * Project and region of the key `google`, or of the environment (`GOOGLE_CLOUD_PROJECT`, `GOOGLE_CLOUD_REGION`).
 * `RETRAIN_VERTEX_ENDPOINT` names another server, on this machine only: requests to it go unencrypted and without credentials.
 * Errors: `UserError` `google-project-missing`, `google-region-missing`, `bad-endpoint`.
 */
export function vertexPlace(google: unknown, env: Readonly<Record<string, string | undefined>>): VertexPlace {
  const given = (google ?? {}) as GoogleKey;
  const project = given.project ?? (env.GOOGLE_CLOUD_PROJECT || undefined);
  if (project === undefined) {
    throw new UserError('google-project-missing', 'Vertex AI needs a Google Cloud project, and none is named.', {
      todo: 'Set `google: { project: … }` in the pipeline file, or the environment variable GOOGLE_CLOUD_PROJECT.',
    });
  }
  const region = given.region ?? (env.GOOGLE_CLOUD_REGION || undefined);
  if (region === undefined) {
    throw new UserError('google-region-missing', 'Vertex AI needs a region, and none is named.', {
      todo: 'Set `google: { region: us-central1 }` (or another) in the pipeline file, or the environment variable GOOGLE_CLOUD_REGION.',
    });
  }
  const endpoint = env.RETRAIN_VERTEX_ENDPOINT || undefined;
  return { project, region, ...(endpoint !== undefined && { loopback: readLoopback(endpoint) }) };
}

/** What all names of a project's things in a region begin with. */
export const parentOf = ({ project, region }: VertexPlace): string => `projects/${project}/locations/${region}`;

function readLoopback(endpoint: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\]):(\d{1,5})$/.exec(endpoint) ?? [];
  if (host !== undefined && port !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  throw new UserError(
    'bad-endpoint',
    `RETRAIN_VERTEX_ENDPOINT: expected HOST:PORT of this machine (127.0.0.1:8080), found ${JSON.stringify(endpoint)}.`,
    { todo: 'Unset it to speak with Vertex AI itself; the region decides the endpoint.' },
  );
}
