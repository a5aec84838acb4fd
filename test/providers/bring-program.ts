import { keptObjects } from '../../src/providers/kept-objects.ts';
import { gsStore } from '../../src/providers/stores/gs.ts';
import type { StoredObject } from '../../src/providers/stores/store.ts';
import { patience } from '../contracts/scratch.ts';

/** Brings what lies under a prefix into a cache, in a process of its own, which can be killed. */
const [endpoint = '', prefix = '', cache = ''] = process.argv.slice(2);
const log = (line: string): void => console.log(line);
const store = gsStore({ endpoint, log });
const objects: StoredObject[] = [];
for await (const object of store.list(prefix, patience)) objects.push(object);
await keptObjects({ store, cache, what: 'data', log })(objects, prefix, patience);
