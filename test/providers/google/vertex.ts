import type { TestContext } from 'node:test';
import { type VertexClients, type VertexOptions, vertexClients } from '../../../src/providers/google/vertex-clients.ts';
import { vertexPlace } from '../../../src/providers/google/vertex-place.ts';
import type { VertexStandIn } from '../../stand-ins/vertex/server.ts';

/** Our clients against a stand-in, without the rests that a service wants. */
export function clientsOf(
  context: Pick<TestContext, 'after'>,
  { endpoint }: VertexStandIn,
  options: Partial<VertexOptions> = {},
): VertexClients {
  const place = vertexPlace({ project: 'ours-1', region: 'europe-west4' }, { RETRAIN_VERTEX_ENDPOINT: endpoint });
  const credentials = () => Promise.reject(new Error('a stand-in needs no credentials'));
  const clients = vertexClients(place, { credentials, pauseMs: 1, pollMs: 1, ...options });
  context.after(() => clients.close());
  return clients;
}
