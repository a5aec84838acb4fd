import { parentPort } from 'node:worker_threads';
import { serveTableTasks } from './worker-executor.ts';

/** Main file of a thread that does table tasks and runs from the sources. */
if (parentPort !== null) serveTableTasks(parentPort);
