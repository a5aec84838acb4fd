import { gsStore } from '../../src/providers/stores/gs.ts';
import { hfStore } from '../../src/providers/stores/hf.ts';
import { patience } from './scratch.ts';

/** Fetches one object in a process of its own, which can be killed. */
const [scheme, endpoint = '', uri = '', to = '', generation, partial] = process.argv.slice(2);
const log = (line: string): void => console.log(line);
const store = scheme === 'gs' ? gsStore({ endpoint, log }) : hfStore({ endpoint, log });
await store.get(uri, to, { generation, partial, signal: patience });
