import { type ExecutionRequest, serveExecutions } from './execution-child.ts';

/** Main file of an execution process that runs from the sources. */
serveExecutions({
  send: (reply) => void process.send?.(reply),
  onRequest: (handle) => void process.on('message', (message) => handle(message as ExecutionRequest)),
});
