import { parentPort, workerData } from 'node:worker_threads';
import { type BatchRequest, type JudgeWorkerData, serveJudgements } from '../../../src/providers/engines/judge-worker.ts';

/** The real judging thread, but `HANG` never ends and `DIE` ends the thread; `HINT` does so only while hints are asked for. */
const port = parentPort!;
const data = workerData as JudgeWorkerData;
await serveJudgements(data, {
  send: (reply) => port.postMessage(reply),
  onRequest: (handle) =>
    void port.on('message', (request: BatchRequest) => {
      const hostile = request.texts.findIndex((text) => text === 'HANG' || text === 'DIE' || (text === 'HINT' && request.ask !== 'bare'));
      if (hostile < 0) return handle(request);
      Atomics.store(data.at, 0, hostile);
      if (request.texts[hostile] === 'DIE') process.exit(9);
      for (;;);
    }),
});
