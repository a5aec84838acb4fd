/** npm run bundle [-- FOLDER]: makes the one bundle that all actions and the installed command start, in actions/dist (or FOLDER). */
import { resolve } from 'node:path';
import { buildBundle } from './bundle/build-bundle.ts';
import { root } from './process.ts';

const target = resolve(process.argv[2] ?? resolve(root, 'actions', 'dist'));
const { files, bytes } = await buildBundle(target);
console.log(`${target}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB.`);
