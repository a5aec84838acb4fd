import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { cronFields, cronProblem } from '../../src/pipeline/cron.ts';
import { duration, formatDuration, parseDuration } from '../../src/pipeline/duration.ts';
import { parseShare, share } from '../../src/pipeline/share.ts';
import { fileKeys, sharedKeys } from '../../src/pipeline/shared-keys.ts';
import { editDistance, nearest, suggestion } from '../../src/pipeline/words.ts';

test('a duration is a number with its unit, largest unit first', () => {
  assert.equal(parseDuration('90s'), 90);
  assert.equal(parseDuration('5m'), 300);
  assert.equal(parseDuration('6h'), 21_600);
  assert.equal(parseDuration('1h30m'), 5_400);
  assert.equal(parseDuration('1.5h'), 5_400);
  assert.equal(parseDuration('30d'), 2_592_000);
  assert.equal(parseDuration('2w'), 1_209_600);
  for (const text of ['', '5', '5 minutes', 'm', '-5m', '30m1h', '1h1h', 'soon']) assert.equal(parseDuration(text), undefined, text);
});

test('a duration is written as it is read', () => {
  for (const text of ['90d', '6h', '1h30m', '5m', '1m30s', '0.5s']) assert.equal(formatDuration(parseDuration(text)!), text);
  assert.equal(formatDuration(90), '1m30s');
  assert.equal(formatDuration(0), '0s');
});

test('a bare number is no duration', () => {
  assert.equal(duration().parse('5m'), 300);
  for (const value of [5, '5', null, '']) {
    const result = duration().safeParse(value);
    assert.match(result.error?.issues[0]?.message ?? '', /expected a duration such as/);
  }
});

test('a share is a number from 0 to 1 or a percentage', () => {
  assert.equal(share().parse('20 %'), 0.2);
  assert.equal(share().parse('20%'), 0.2);
  assert.equal(share().parse('7 %'), 0.07);
  assert.equal(share().parse('12.5 %'), 0.125);
  assert.equal(share().parse('100 %'), 1);
  assert.equal(share().parse(0.2), 0.2);
  for (const value of [20, -0.1, '101 %', '20', 'all', '-5 %']) {
    assert.match(share().safeParse(value).error?.issues[0]?.message ?? '', /expected a share/, String(value));
  }
  assert.equal(parseShare('0.25'), 0.25);
  assert.equal(parseShare('a quarter'), undefined);
});

test('a time zone has a name; how far it is from UTC is none, for GitHub takes no such', () => {
  const isGood = (timezone: string) => sharedKeys.schedule.safeParse({ cron: '@daily', timezone }).success;
  assert.deepEqual(['Europe/Berlin', 'UTC', 'Etc/GMT-1', 'Berlin', '+01:00', '-0500'].map(isGood), [true, true, true, false, false, false]);
});

test('a cron line has five fields within their bounds', () => {
  for (const line of ['0 2 * * 0', '*/15 * * * *', '5,35 0-6/2 1 JAN-MAR mon-fri', '@daily'])
    assert.equal(cronProblem(line), undefined, line);
  assert.match(cronProblem('0 2 * *') ?? '', /five fields .* found 4/);
  assert.match(cronProblem('61 2 * * 0') ?? '', /the minute as \*, 0 to 59/);
  assert.match(cronProblem('0 24 * * 0') ?? '', /the hour/);
  assert.match(cronProblem('0 2 * * 5-1') ?? '', /day of the week/);
  assert.match(cronProblem('*/0 2 * * *') ?? '', /the minute/);
  assert.match(cronProblem('@dayly') ?? '', /one of @hourly/);
  assert.equal(cronFields('@weekly'), '17 0 * * 0');
  assert.equal(cronFields('0 2 * * 0'), '0 2 * * 0');
});

test('the nearest word is the one with the fewest edits, and none when all are far', () => {
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('ab', 'ba'), 1);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(nearest('treshold', ['threshold', 'limit']), 'threshold');
  assert.equal(nearest('on_drift', ['on-drift', 'limit']), 'on-drift');
  assert.equal(nearest('trian', ['train', 'drift']), 'train');
  assert.equal(nearest('colour', ['owner', 'task']), undefined);
  assert.equal(suggestion('trian', ['train']), ' Did you mean "train"?');
  assert.equal(suggestion('x', ['train', 'drift']), ' Known here: train, drift.');
});

test('a target is a column name or a mapping, and comes out as a mapping with labels as text', () => {
  assert.deepEqual(sharedKeys.target.parse('Churn'), { column: 'Churn' });
  assert.deepEqual(sharedKeys.target.parse({ column: 'y', positive: 1, classes: [0, 1] }), {
    column: 'y',
    positive: '1',
    classes: ['0', '1'],
  });
  assert.equal(sharedKeys.target.safeParse({ column: 'y', positive: 'maybe', classes: ['no', 'yes'] }).success, false);
  assert.equal(sharedKeys.target.safeParse({ column: 'y', classes: ['no', 'no'] }).success, false);
  assert.equal(sharedKeys.target.safeParse({ positive: 'yes' }).success, false);
});

test('defaults of the shared keys are complete: a file of three keys gives every other its value', () => {
  const values = z.strictObject(fileKeys).parse({ version: 1, name: 'churn', task: 'classification' });
  assert.deepEqual(values, {
    version: 1,
    name: 'churn',
    enabled: true,
    task: 'classification',
    tracker: ['file'],
    schedule: { timezone: 'UTC', 'catch-up': 'none' },
    run: { retries: 2, 'retry-delay': 300, timeout: 21_600, grace: 300, 'on-same-key': 'reuse', seed: 0 },
  });
});

test('one tracker is a list of one', () => {
  assert.deepEqual(sharedKeys.tracker.parse('file:log'), ['file:log']);
  assert.deepEqual(sharedKeys.tracker.parse([]), []);
});
