/** What actions/upload-artifact does with one file, by the client it uses: `upload-artifact.ts NAME FILE`. */
import { dirname } from 'node:path';
import { DefaultArtifactClient } from '@actions/artifact';

const [name = '', path = ''] = process.argv.slice(2);
await new DefaultArtifactClient().uploadArtifact(name, [path], dirname(path));
