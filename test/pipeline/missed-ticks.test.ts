import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CatchUp, LOOK_BACK, lookBackTo, missedTicks, type RunSeen } from '../../src/pipeline/missed-ticks.ts';
import { zonedText } from '../../src/pipeline/ticks.ts';

// Daily at six; "now" is the evening of the 21st.
const daily = (more: Partial<CatchUp> = {}): CatchUp => ({ cron: ['0 6 * * *'], timezone: 'UTC', 'catch-up': 'all', ...more });
const NOW = new Date('2026-11-21T20:00Z');
const HOUR_MS = 3_600_000;
const clockRun = (began: string): RunSeen => ({ began: new Date(`2026-11-${began}Z`) });
const dated = (began: string, logicalDate: string): RunSeen => ({ ...clockRun(began), logicalDate });
const days = (schedule: CatchUp, runs: readonly RunSeen[], now = NOW, grace = 2 * HOUR_MS) =>
  missedTicks(schedule, runs, now, grace).map((tick) => zonedText(tick, schedule.timezone).slice(8));

test('missed are the ticks since the first run that no run stands for', () => {
  assert.deepEqual(days(daily(), []), []);
  assert.deepEqual(days(daily(), [clockRun('17T06:20')]), ['18T06:00Z', '19T06:00Z', '20T06:00Z', '21T06:00Z']);
  assert.deepEqual(days(daily(), [clockRun('17T06:20'), clockRun('19T06:05'), clockRun('21T06:01')]), ['18T06:00Z', '20T06:00Z']);
});

test('none catches nothing up; latest is the newest missed tick, unless a later one has run', () => {
  const runs = [clockRun('17T06:20'), clockRun('19T06:05')];
  assert.deepEqual(days(daily({ 'catch-up': 'none' }), runs), []);
  assert.deepEqual(days(daily({ 'catch-up': 'latest' }), runs), ['21T06:00Z']);
  assert.deepEqual(days(daily({ 'catch-up': 'latest' }), [...runs, clockRun('21T06:05')]), []);
});

test('a tick of which the clock may still come is not missed yet, and its run makes the latest pointless', () => {
  const runs = [clockRun('19T06:20')];
  const morning = new Date('2026-11-21T07:59Z');
  assert.deepEqual(days(daily(), runs, morning), ['20T06:00Z']);
  assert.deepEqual(days(daily(), runs, new Date('2026-11-21T08:00Z')), ['20T06:00Z', '21T06:00Z']);
  assert.deepEqual(days(daily({ 'catch-up': 'latest' }), [...runs, clockRun('21T06:30')], morning), []);
});

test('with a start, ticks from that day of the zone on are caught up, before the first run too', () => {
  assert.deepEqual(days(daily({ start: '2026-11-19' }), []), ['19T06:00Z', '20T06:00Z', '21T06:00Z']);
  assert.deepEqual(days(daily({ start: '2026-11-20' }), [clockRun('18T06:20')]), ['20T06:00Z', '21T06:00Z']);
  // 00:30 of the 21st in Berlin is still the 20th in UTC.
  const berlin = daily({ cron: ['30 0 * * *'], timezone: 'Europe/Berlin', start: '2026-11-21' });
  assert.deepEqual(days(berlin, []), ['21T00:30+01:00']);
});

test('a late run of the clock stands for its tick, and two that come together for two', () => {
  const begun = clockRun('18T06:20');
  assert.deepEqual(days(daily(), [begun, clockRun('20T05:50'), clockRun('20T06:10'), clockRun('21T06:10')]), []);
  assert.deepEqual(days(daily(), [begun, clockRun('20T06:10'), clockRun('20T06:40'), clockRun('21T06:10')]), []);
  // A third stands for nothing: what was missed longer ago stays missed.
  const three = [begun, clockRun('21T06:10'), clockRun('21T06:20'), clockRun('21T06:30')];
  assert.deepEqual(days(daily(), three), ['19T06:00Z']);
});

test('a run with an instant stands for that tick alone; the late run of the clock then takes no other', () => {
  const runs = [clockRun('18T06:20'), dated('20T12:00', '2026-11-20T07:00+01:00'), clockRun('20T13:00'), clockRun('21T06:10')];
  assert.deepEqual(days(daily(), runs), ['19T06:00Z']);
  assert.deepEqual(days(daily(), [...runs, dated('20T12:05', '2026-11-19T06:01Z')]), ['19T06:00Z']);
});

test('a run named by a day stands for the ticks of that day that had come when it began', () => {
  const twice = daily({ cron: ['0 6,18 * * *'], start: '2026-11-20' });
  assert.deepEqual(days(twice, [dated('20T10:00', '2026-11-20')], NOW, 0), ['20T18:00Z', '21T06:00Z', '21T18:00Z']);
  assert.deepEqual(days(twice, [dated('21T19:00', '2026-11-20')], NOW, 0), ['21T06:00Z', '21T18:00Z']);
});

test('nobody looks back further than a year or 500 ticks', () => {
  assert.equal(days(daily({ start: '2024-01-01' }), []).length, LOOK_BACK.days);
  const often = daily({ cron: ['*/5 * * * *'], start: '2024-01-01' });
  assert.equal(days(often, [], NOW, 0).length, LOOK_BACK.ticks);
  assert.deepEqual(lookBackTo(often, NOW), new Date(NOW.getTime() - (LOOK_BACK.ticks - 1) * 5 * 60_000));
  assert.deepEqual(lookBackTo(daily({ start: '2026-11-20' }), NOW), new Date('2026-11-20T06:00Z'));
});
