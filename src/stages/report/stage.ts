import { join } from 'node:path';
import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import { readManifest } from '../../kernel/run-folder.ts';
import { defineStage } from '../../kernel/stage.ts';
import { passed } from '../../kernel/verdict.ts';
import { reportHtml } from '../../report/html.ts';
import { reportMarkdown } from '../../report/markdown.ts';

export const report = defineStage({
  name: 'report',
  summary: 'Write what happened, from the records alone: Markdown, and one HTML file that needs nothing else.',
  inputs: {
    run: wired('run.folder', z.string().describe('Folder of the run, with run.json.')),
  },
  outputs: {
    markdown: 'The report as Markdown.',
    html: 'The report as one HTML file.',
  },
  needs: {},

  async run({ run }, _providers, { files }) {
    const manifest = await readManifest(join(run, 'run.json'));
    return {
      verdict: passed,
      found: 'report.md, report.html',
      outputs: {
        markdown: await files.write('report.md', reportMarkdown(manifest)),
        html: await files.write('report.html', reportHtml(manifest)),
      },
    };
  },
});
