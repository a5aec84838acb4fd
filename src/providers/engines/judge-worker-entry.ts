import { parentPort, workerData } from 'node:worker_threads';
import { type BatchRequest, type JudgeWorkerData, serveJudgements } from './judge-worker.ts';

/** Main file of a judging thread that runs from the sources. */
const port = parentPort!;
await serveJudgements(workerData as JudgeWorkerData, {
  send: (reply) => port.postMessage(reply),
  onRequest: (handle) => void port.on('message', (request: BatchRequest) => handle(request)),
});
