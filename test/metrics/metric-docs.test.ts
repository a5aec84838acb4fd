import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { allMetrics, FAIRNESS_MEASURES, RATES, type Task } from '../../src/metrics/index.ts';
import { COMPLEXITY_GAPS } from '../../src/stages/bias-check/complexity-inputs.ts';
import { DRIFT_METHODS } from '../../src/tables/drift/drift-schema.ts';

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

/** Where the page speaks of a task's metrics. */
const SECTIONS: Readonly<Record<Task, readonly string[]>> = {
  binary: ['Two classes'],
  multiclass: ['Two classes', 'More classes'],
  multilabel: ['More classes'],
  regression: ['Numbers'],
  forecast: ['Numbers'],
  ranking: ['Rankings and embeddings'],
  embedding: ['Rankings and embeddings'],
  text: ['Texts'],
  ner: ['Two classes', 'Entities'],
  anomaly: ['Two classes', 'Anomalies'],
  'text-to-sql': ['SQL'],
};

const sectionOf = (title: string): string => {
  const found = page.split(/^## /m).find((section) => section.startsWith(`${title}\n`));
  assert.ok(found !== undefined, `docs/metrics.md has no section ${title}`);
  return found;
};
const undefinedIn = (names: readonly string[], titles: readonly string[]): string[] => {
  const text = titles.map(sectionOf).join('\n');
  return names.map((name) => name.replace(/_at_\d+$/, '_at_K')).filter((name) => !text.includes(`\`${name}\``));
};

for (const [task, titles] of Object.entries(SECTIONS))
  test(`docs/metrics.md defines every metric of ${task}`, () => {
    const names = allMetrics(task as Task).map(({ name }) => name);
    assert.ok(names.length > 0);
    assert.deepEqual(undefinedIn(names, titles), []);
  });

test('docs/metrics.md defines every rate, gap and distance that a stage records', () => {
  assert.deepEqual(undefinedIn([...Object.keys(RATES), ...Object.keys(FAIRNESS_MEASURES)], ['Groups']), []);
  assert.deepEqual(undefinedIn(['syntax_overall', 'syntax_after_cleanup', 'names_resolve', ...Object.keys(COMPLEXITY_GAPS)], ['SQL']), []);
  // `evidently` takes the distance of the test it picks.
  assert.deepEqual(undefinedIn(['quality_score', ...DRIFT_METHODS.filter((method) => method !== 'evidently')], ['Data']), []);
});
