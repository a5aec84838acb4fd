import { parentPort } from 'node:worker_threads';
import { serveTableTasks } from '../../tables/workers/worker-executor.ts';

/** Main file of a thread that does table tasks. */
if (parentPort !== null) serveTableTasks(parentPort);
