import { parentPort } from 'node:worker_threads';
import { serveTableTasks } from '../../../src/tables/workers/worker-executor.ts';

if (parentPort !== null) serveTableTasks(parentPort);
