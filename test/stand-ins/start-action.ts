/** An action's `index.js`, from the sources: `start-action.ts STAGE`. */
import { dirname } from 'node:path';
import { runAction } from '../../src/main.ts';

await runAction(process.argv[2]!, dirname(dirname(import.meta.dirname)));
