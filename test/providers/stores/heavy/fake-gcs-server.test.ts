import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gsStore } from '../../../../src/providers/stores/gs.ts';
import { goProgram } from '../../../../tools/go.ts';
import { scratchFolder, patience as signal } from '../../../contracts/scratch.ts';
import { storeContract } from '../../../contracts/store.ts';
import { storeResumeContract } from '../../../contracts/store-resume.ts';

/** Cloud Storage as somebody else understood it: what the stand-in of ours imitates must hold here too. */
const program = await goProgram('github.com/fsouza/fake-gcs-server', 'v1.56.1');

if ('missing' in program) {
  test('store gs on fake-gcs-server', (context) => {
    assert.ok(!process.env.CI, program.missing);
    context.diagnostic(`NOT PROVEN HERE: ${program.missing}`);
    console.error(`NOT PROVEN: the store gs was not tried on fake-gcs-server: ${program.missing}`);
  });
} else {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn(
    program.path,
    [
      '-scheme',
      'http',
      '-host',
      '127.0.0.1',
      '-port',
      String(port),
      '-backend',
      'memory',
      '-external-url',
      endpoint,
      '-public-host',
      `127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  let bucket = 0;
  before(async () => {
    for (let waited = 0; ; waited++) {
      assert.ok(server.exitCode === null && waited < 600, 'fake-gcs-server did not start');
      if (
        await fetch(`${endpoint}/storage/v1/b?project=p`).then(
          (reply) => reply.ok,
          () => false,
        )
      )
        return;
      await delay(50);
    }
  });
  after(async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });

  const quiet = { endpoint, log: () => undefined };
  const newBucket = async () => {
    const name = `models-${++bucket}`;
    const reply = await fetch(`${endpoint}/storage/v1/b?project=p`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    assert.ok(reply.ok, `${reply.status}`);
    return `gs://${name}`;
  };
  storeContract('gs, fake-gcs-server', async () => ({ store: gsStore(quiet), prefix: `${await newBucket()}/some/where/` }));

  storeResumeContract('gs, fake-gcs-server', async (context) => {
    const uri = `${await newBucket()}/t5/model.safetensors`;
    const folder = await scratchFolder(context);
    return {
      endpoint,
      uri,
      scheme: 'gs',
      async replace(content) {
        await writeFile(join(folder, 'content'), content);
        await gsStore(quiet).put(join(folder, 'content'), uri, { signal });
      },
      open: (endpoint) => gsStore({ ...quiet, endpoint, patience: { tries: 1, pauseMs: 1, timeoutMs: 20_000, stallMs: 20_000 } }),
    };
  });
}

/** It says its port nowhere that could be read, so it is given one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
