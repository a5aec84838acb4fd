import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../src/providers/notifiers/notifier.ts';
import { checkTemplate, PLACEHOLDERS, renderMessage } from '../../src/report/message.ts';
import { hostile, keptBack, manifest, promoted, skipped } from './fixtures.ts';

test('message: without a template it says what happened and why', () => {
  const message: Message = renderMessage(promoted);
  assert.equal(message.subject, 'churn: promoted');
  assert.equal(message.text, 'Version 3 of churn is the champion in place of version 2.');
  assert.equal(message.tone, 'good');
  assert.deepEqual(message.facts.slice(0, 3), [
    ['Version', '3'],
    ['Algorithm', 'gradient_boosting'],
    ['auc_roc', '0.846 [0.824, 0.868] (n = 1,409)'],
  ]);
  assert.deepEqual(message.links, promoted.links);
  assert.equal(renderMessage(skipped).tone, 'neutral');
});

test('message: a template is filled from the manifest', () => {
  const { subject, text } = renderMessage(promoted, {
    subject: '{model} {version} {verdict} by {owner}',
    text: 'AUC {metric.auc_roc} (champion {champion.auc_roc}), {rows} rows, {output.prepare-data.features} features, {{braces}}, {reason}, { duration }',
  });
  assert.equal(subject, 'churn 3 promoted by growth-team');
  assert.equal(text, 'AUC 0.846 [0.824, 0.868] (champion 0.831), 1,409 rows, 45 features, {braces}, –, 1 min 20 s');
  assert.match(renderMessage(keptBack, { text: '{verdict}: {sentence}' }).text, /^kept back: Version 3 passed its gates/);
});

test('message: every placeholder of the list is known', () => {
  const text = Object.keys(PLACEHOLDERS)
    .map((name) => `{${name}}`)
    .join(' ');
  assert.doesNotMatch(renderMessage(promoted, { text }).text, /[{}]/);
  assert.doesNotMatch(renderMessage(manifest([]), { text }).text, /[{}]|undefined/);
});

test('message: an unknown placeholder is an error that names the nearest', () => {
  assert.throws(() => renderMessage(promoted, { text: '{modle}' }), {
    code: 'unknown-placeholder',
    fault: 'user',
    message: /\{modle\} is no placeholder; did you mean \{model\}\?/,
  });
  assert.throws(() => renderMessage(promoted, { subject: '{zzzzzzzz}' }), {
    message: /template of the subject: \{zzzzzzzz\} is no placeholder: known are model, /,
  });
  assert.throws(() => renderMessage(promoted, { text: 'a } b' }), { message: /lone "}"/ });
  assert.throws(() => renderMessage(promoted, { text: '{constructor}' }), { code: 'unknown-placeholder' });
});

test('message: a figure that this run does not have is a dash, not an error', () => {
  assert.equal(
    renderMessage(skipped, { text: '{metric.auc_roc} {champion.auc_roc} {output.train.algorithm} {algorithm}' }).text,
    '– – – –',
  );
  assert.equal(renderMessage(promoted, { text: '{metric.mcc}' }).text, '–');
});

test('message: a template can be checked before there is a run', () => {
  assert.deepEqual(checkTemplate({ subject: '{model}', text: '{metric.auc_roc} {{x}}' }), []);
  assert.deepEqual(checkTemplate({ subject: '{verison}', text: 'x {' }), [
    { path: 'subject', message: '{verison} is no placeholder; did you mean {version}?' },
    { path: 'text', message: 'a lone "{": write "{{" for a brace.' },
  ]);
  assert.deepEqual(checkTemplate({ text: '{metric.auc_rco}' }, ['auc_roc', 'f1']), [
    { path: 'text', message: '{metric.auc_rco}: there is no metric auc_rco; did you mean {metric.auc_roc}?' },
  ]);
});

test('message: values are not filled twice', () => {
  const run = manifest([], { model: '{version} {{x}}', owner: '{run}' });
  assert.equal(renderMessage(run, { text: '{model} {owner}' }).text, '{version} {{x}} {run}');
  assert.ok(renderMessage(hostile, { text: '{model}' }).text.includes('</details>'), 'escaping is the notifier’s');
});
