import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Clock, tickAt, ticksAfter, ticksUpTo, zonedText } from '../../src/pipeline/ticks.ts';

interface Case {
  readonly cron: string;
  readonly timezone: string;
  readonly from: string;
  readonly after: readonly string[];
  readonly before?: readonly string[];
}
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'ticks.json'), 'utf8')) as {
  readonly cases: readonly Case[];
};

const utc = (tick: Date): string => `${tick.toISOString().slice(0, 16)}Z`;
const berlin = (...cron: string[]): Clock => ({ cron, timezone: 'Europe/Berlin' });

function first(count: number, ticks: Iterable<Date>): Date[] {
  const found: Date[] = [];
  for (const tick of ticks) {
    found.push(tick);
    if (found.length === count) break;
  }
  return found;
}
const shown = (count: number, ticks: Iterable<Date>) => first(count, ticks).map((tick) => zonedText(tick, 'Europe/Berlin'));

test('ticks after and before an instant are those of two cron libraries, changes of the clocks included', () => {
  assert.ok(cases.length > 100);
  for (const { cron, timezone, from, after, before } of cases) {
    const clock = { cron: [cron], timezone };
    const found = { after: first(after.length, ticksAfter(clock, new Date(from))).map(utc) };
    assert.deepEqual(found.after, after, `${cron} ${timezone} after ${from}`);
    // Those libraries look strictly before; up to an instant includes it.
    const earlier = new Date(new Date(from).getTime() - 1);
    if (before) assert.deepEqual(first(before.length, ticksUpTo(clock, earlier)).map(utc), before, `${cron} ${timezone} before ${from}`);
  }
});

test('a time the clocks skip comes when they are put forward; a whole skipped hour of minutes is one tick', () => {
  const night = new Date('2026-03-28T12:00Z');
  assert.deepEqual(shown(2, ticksAfter(berlin('30 2 * * *'), night)), ['2026-03-29T03:00+02:00', '2026-03-30T02:30+02:00']);
  assert.deepEqual(shown(2, ticksAfter(berlin('*/20 2 * * *'), night)), ['2026-03-29T03:00+02:00', '2026-03-30T02:00+02:00']);
});

test('a time the clocks show twice is one tick, and two where every hour has one', () => {
  const night = new Date('2026-10-24T23:45Z');
  assert.deepEqual(shown(2, ticksAfter(berlin('30 2 * * *'), night)), ['2026-10-25T02:30+02:00', '2026-10-26T02:30+01:00']);
  assert.deepEqual(shown(3, ticksAfter(berlin('30 * * * *'), night)), [
    '2026-10-25T02:30+02:00',
    '2026-10-25T02:30+01:00',
    '2026-10-25T03:30+01:00',
  ]);
});

test('several lines are one sequence, a tick of two lines is one, and words stand for their lines', () => {
  const from = new Date('2026-11-22T12:00Z');
  const found = shown(4, ticksAfter(berlin('0 6 * * 1', '0 6,18 * * *', '@weekly'), from));
  assert.deepEqual(found, ['2026-11-22T18:00+01:00', '2026-11-23T06:00+01:00', '2026-11-23T18:00+01:00', '2026-11-24T06:00+01:00']);
  assert.deepEqual(shown(1, ticksAfter(berlin('@weekly'), from)), ['2026-11-29T00:17+01:00']);
});

test('a tick is at its own instant, not after it; a day that never comes has none', () => {
  const clock = { cron: ['17 4 * * 1'], timezone: 'UTC' };
  const monday = new Date('2026-11-23T04:17Z');
  assert.deepEqual(tickAt(clock, monday), monday);
  assert.deepEqual(tickAt(clock, new Date('2026-11-23T04:16:59Z')), new Date('2026-11-16T04:17Z'));
  assert.deepEqual(first(1, ticksAfter(clock, monday)), [new Date('2026-11-30T04:17Z')]);
  assert.equal(tickAt({ cron: ['0 0 30 2 *'], timezone: 'UTC' }, monday), undefined);
});

test('a tick is written as its clocks show it', () => {
  const at = new Date('2026-11-23T03:17Z');
  assert.equal(zonedText(at, 'UTC'), '2026-11-23T03:17Z');
  assert.equal(zonedText(at, 'Asia/Kolkata'), '2026-11-23T08:47+05:30');
  assert.equal(zonedText(at, 'America/New_York'), '2026-11-22T22:17-05:00');
});
