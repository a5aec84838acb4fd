import { fileRegistry } from '../../../src/providers/registries/file.ts';
import { fileTree } from '../../../src/providers/registries/file-tree.ts';

/*
 * Another Retrain, for tests that need a second process: `other-process.ts promote ROOT VERSION`, `hang-staged ROOT FILE`, `hang-locked ROOT`,
 * `hang-publishing ROOT FILE`. Says `ready` when it stands where the test wants it.
 */
const [what, root = '', argument = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const hang = () => new Promise<never>(() => setInterval(() => {}, 60_000));

if (what === 'promote') {
  const registry = fileRegistry({ root });
  const { generation } = await registry.aliases('churn', signal);
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.destroy();
  const said = await registry.move('churn', { champion: Number(argument) }, generation, signal).then(
    () => 'won',
    (error: { code: string }) => error.code,
  );
  process.stdout.write(`${said}\n`);
} else if (what === 'hang-staged') {
  await fileTree({ root }).stage('churn', new Map([['model.bin', argument]]), signal);
  process.stdout.write('ready\n');
  await hang();
} else if (what === 'hang-locked') {
  await fileTree({ root }).change(
    'churn',
    async () => {
      process.stdout.write('ready\n');
      await hang();
    },
    signal,
  );
}
