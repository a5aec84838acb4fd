import { parentPort, workerData } from 'node:worker_threads';
import { type BatchRequest, type JudgeWorkerData, serveJudgements } from '../../../src/providers/engines/judge-worker.ts';

/** The real judging thread, but `HANG` never ends and `DIE` ends the thread. */
const port = parentPort!;
await serveJudgements(workerData as JudgeWorkerData, {
  send: (reply) => port.postMessage(reply),
  onRequest: (handle) =>
    void port.on('message', (request: BatchRequest) => {
      if (request.texts.includes('HANG')) for (;;);
      if (request.texts.includes('DIE')) process.exit(9);
      handle(request);
    }),
});
