import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { reportHtml } from '../../src/report/html.ts';
import { STYLE } from '../../src/report/style.ts';
import { errored, hostile, keptBack, manifest, promoted, refused, skipped } from './fixtures.ts';

const every = { promoted, keptBack, refused, skipped, errored, hostile, empty: manifest([]) };

interface Tag {
  readonly name: string;
  readonly closing: boolean;
  readonly empty: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Tags as a strict reader sees them; anything that is no well-formed tag fails the test. */
function tagsOf(document: string): readonly Tag[] {
  const body = document.replace(/^<!doctype html>\n/, '').replace(/<style>[\s\S]*?<\/style>/, '<style></style>');
  return (body.match(/<[^>]*>?/g) ?? []).map((text) => {
    const found = /^<(\/?)([a-z][a-z0-9]*)((?: [a-zA-Z0-9-]+="[^"<>]*")*)(\/?)>$/.exec(text);
    assert.ok(found, `no tag of ours: ${text}`);
    const attributes = Object.fromEntries(
      [...(found[3] ?? '').matchAll(/ ([a-zA-Z0-9-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    return { name: found[2] as string, closing: found[1] === '/', empty: found[4] === '/' || found[2] === 'meta', attributes };
  });
}

const ALLOWED = new Set(
  'html head meta title style body header footer nav main section h1 h2 div strong p dl dt dd ul li a table caption thead tbody tr th td code pre figure figcaption svg line path circle rect text'.split(
    ' ',
  ),
);

test('report.html: only our tags, all closed, no script, no event, nothing from elsewhere', () => {
  for (const [name, run] of Object.entries(every)) {
    const open: string[] = [];
    for (const tag of tagsOf(reportHtml(run))) {
      assert.ok(ALLOWED.has(tag.name), `${name}: ${tag.name}`);
      for (const [attribute, value] of Object.entries(tag.attributes)) {
        assert.doesNotMatch(attribute, /^on|^src|^style$|^srcset$|^action$/, `${name}: ${attribute}`);
        if (attribute === 'href') assert.match(value, /^#[a-z]+$|^https:&#?\w*;?\/\/|^https:\/\//, value);
      }
      if (tag.closing) assert.equal(open.pop(), tag.name, name);
      else if (!tag.empty) open.push(tag.name);
    }
    assert.deepEqual(open, [], name);
  }
});

test('report.html: the policy forbids everything but the one style sheet, which it names by digest', () => {
  const document = reportHtml(promoted);
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(document)?.[1] ?? '';
  const style = /<style>([\s\S]*?)<\/style>/.exec(document)?.[1] ?? '';
  assert.equal(
    policy,
    `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`,
  );
  assert.ok(document.indexOf('Content-Security-Policy') < document.indexOf('<style>'));
  assert.doesNotMatch(STYLE, /url\(|@import|expression/);
  assert.equal(document.match(/<style/g)?.length, 1);
});

test('report.html: hostile text is shown and is nothing else', () => {
  const document = reportHtml(hostile);
  assert.ok(document.includes('&#60;/details&#62;&#60;script&#62;alert(1)'));
  assert.ok(document.includes('__proto__'));
  assert.doesNotMatch(document, /[\0-\x08\x0b-\x1f\u202e]/);
  assert.doesNotMatch(document, /href="javascript/);
});

test('report.html: everything of the run is there', () => {
  const document = reportHtml(promoted);
  for (const part of [
    '<strong>Promoted</strong><p>Version 3 of churn is the champion in place of version 2.</p>',
    '0.846 [0.824, 0.868]',
    '+0.015 [+0.004, +0.026]',
    'gradient_boosting',
    'SeniorCitizen=1',
    'MonthlyCharges',
    'TotalCharges is missing in 11 rows (0.2 %).',
    'e'.repeat(64),
    'retrain predict churn --data new.csv',
    'Run on GitHub',
    'ROC curve',
    'Precision and recall',
    'Calibration',
    'What the winner looks at',
    'Loss while training',
    'When each stage ran',
    'auc_roc over the versions',
    'Confusion matrix',
  ]) {
    assert.ok(document.includes(part), part);
  }
});

test('report.html: sections whose record is absent are not there, and every link of the contents leads somewhere', () => {
  const ids = (document: string) => [...document.matchAll(/<section id="([^"]*)"/g)].map(([, id]) => id);
  const links = (document: string) => [...document.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
  assert.deepEqual(ids(reportHtml(skipped)), ['stages', 'loading', 'run']);
  for (const run of Object.values(every)) assert.deepEqual(links(reportHtml(run)), ids(reportHtml(run)));
});

test('report.html: readable without eyes: language, one h1, scopes, captions, names of pictures', () => {
  const document = reportHtml(promoted);
  const tags = tagsOf(document).filter(({ closing }) => !closing);
  const named = (name: string) => tags.filter((tag) => tag.name === name);
  assert.equal(named('html')[0]?.attributes.lang, 'en');
  assert.equal(named('h1').length, 1);
  assert.equal(named('h2').length, named('section').length);
  assert.ok(named('th').every(({ attributes }) => attributes.scope === 'col' || attributes.scope === 'row'));
  assert.equal(named('caption').length, named('table').length);
  assert.ok(named('svg').length > 10);
  for (const { attributes } of named('svg'))
    assert.ok(attributes['aria-hidden'] === 'true' || (attributes.role === 'img' && attributes['aria-label']));
});

/** Contrast of two colours as WCAG 2 defines it. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const full = colour.length === 4 ? colour.replace(/[0-9a-f]/g, '$&$&') : colour;
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(full.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

test('report.html: words have a contrast of 4.5 and lines one of 3 on every ground, in light and in dark', () => {
  const [light, dark, print] = STYLE.split(/@media [^{]*(?:dark|print)[^{]*\{/).map((part) =>
    Object.fromEntries([...part.matchAll(/--(\w+):(#[0-9a-f]+)/g)].map(([, name, colour]) => [name, colour])),
  );
  for (const palette of [light, dark, print]) {
    for (const ground of ['ground', 'raised']) {
      for (const name of ['text', 'dim', 'accent', 'good', 'bad', 'unsure']) {
        assert.ok(contrast(palette?.[name] ?? '', palette?.[ground] ?? '') >= 4.5, `${name} on ${ground}`);
      }
    }
    for (const name of ['s0', 's1', 's2', 's3', 's4', 's5']) assert.ok(contrast(palette?.[name] ?? '', palette?.ground ?? '') >= 3, name);
  }
});

test('report.html: the same records give the same bytes', () => {
  assert.equal(reportHtml(promoted), reportHtml(structuredClone(promoted)));
});
