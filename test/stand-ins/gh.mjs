#!/usr/bin/env node
// GitHub's command line as far as the templates use it: `gh api [--method M] [--paginate] [--silent] PATH [--jq FILTER]`, against GITHUB_API_URL, with GH_TOKEN.
// Not imitated: other verbs, fields, hosts; its own filter language is jq's here, by the program of that name.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: {
    method: { type: 'string', default: 'GET' },
    paginate: { type: 'boolean' },
    silent: { type: 'boolean' },
    jq: { type: 'string' },
  },
  allowPositionals: true,
});
const [verb, path = ''] = positionals;
if (verb !== 'api' || positionals.length !== 2) throw new Error(`gh ${positionals.join(' ')} is not imitated.`);
if (!process.env.GH_TOKEN) {
  console.error('gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.');
  process.exit(4);
}
for (let url = `${process.env.GITHUB_API_URL}/${path}`; url; ) {
  const reply = await fetch(url, { method: values.method, headers: { authorization: `token ${process.env.GH_TOKEN}` } });
  const text = await reply.text();
  if (!reply.ok) {
    if (!values.silent) process.stdout.write(text);
    console.error(`gh: ${JSON.parse(text).message} (HTTP ${reply.status})`);
    process.exit(1);
  }
  if (values.jq !== undefined) {
    const { status, stdout, stderr } = spawnSync('jq', ['-r', values.jq], { input: text, encoding: 'utf8' });
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    if (status !== 0) process.exit(1);
  } else if (!values.silent) process.stdout.write(text);
  url = values.paginate ? /<([^>]+)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1] : undefined;
}
