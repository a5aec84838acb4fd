import { markdownText } from './escape.ts';
import { headlineOf } from './headline.ts';
import { type MarkdownOptions, reportMarkdown, SUMMARY_BYTES_MAX } from './markdown.ts';
import type { Run } from './run.ts';

/** What stands on the run's page: the report, within what a job summary can hold. */
export function jobSummary(run: Run, options: MarkdownOptions = {}): string {
  return reportMarkdown(run, { bytesMax: SUMMARY_BYTES_MAX, ...options });
}

/** One line for lists of runs and annotations. */
export function oneLineSummary(run: Run): string {
  const { word, sentence } = headlineOf(run);
  return `${markdownText(run.model)}: ${word.toLowerCase()}. ${markdownText(sentence)}`;
}
