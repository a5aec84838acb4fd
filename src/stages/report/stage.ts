import { join } from 'node:path';
import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import { readManifest } from '../../kernel/run-folder.ts';
import { defineStage } from '../../kernel/stage.ts';
import { passed } from '../../kernel/verdict.ts';
import { trackers } from '../../providers/trackers/tracker.ts';
import { reportHtml } from '../../report/html.ts';
import { reportMarkdown } from '../../report/markdown.ts';
import { runName } from '../tracked-run.ts';
import { logRun } from './log-run.ts';

export const report = defineStage({
  name: 'report',
  summary: 'Write what happened, from the records alone: Markdown, one HTML file that needs nothing else, and the trackers.',
  inputs: {
    run: wired('run.folder', z.string().describe('Folder of the run, with run.json.')),
  },
  outputs: {
    markdown: 'The report as Markdown.',
    html: 'The report as one HTML file.',
    tracked: 'Number of trackers the run was logged to.',
    'run-name': 'What trackers call the run.',
  },
  keeps: ['markdown', 'html'],
  needs: { trackers },

  async run({ run }, { trackers }, { files, log, signal }) {
    const manifest = await readManifest(join(run, 'run.json'));
    const outputs = {
      markdown: await files.write('report.md', reportMarkdown(manifest)),
      html: await files.write('report.html', reportHtml(manifest)),
    };
    const tracked = await logRun(manifest, trackers, { 'report.html': files.path('report.html') }, log, signal);
    return {
      verdict: passed,
      found: `report.md, report.html${tracked.length > 0 ? `; logged to ${tracked.join(', ')}` : ''}`,
      outputs: { ...outputs, tracked: tracked.length, 'run-name': runName(manifest) },
    };
  },
});
