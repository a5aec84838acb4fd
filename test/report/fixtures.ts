import { emptyRecord, MANIFEST_SCHEMA, type Manifest, type StageRecord } from '../../src/kernel/record.ts';

const digest = (letter: string): string => letter.repeat(64);
const interval = (low: number, high: number, method = 'delong') => ({ low, high, level: 0.95, method });

/** A record with nothing in it but what is given. */
export function record(stage: string, more: Partial<StageRecord> = {}): StageRecord {
  return {
    ...emptyRecord('20261121T100000Z-1a2b3c', stage, '2026-11-21T10:00:00.000Z'),
    outcome: 'completed',
    verdict: { kind: 'passed' },
    seconds: 1,
    ...more,
  };
}

/** A manifest around records; passed, first version, unless told otherwise. */
export function manifest(records: readonly StageRecord[], more: Partial<Manifest> = {}): Manifest {
  return {
    schema: MANIFEST_SCHEMA,
    id: '20261121T100000Z-1a2b3c',
    model: 'churn',
    logicalDate: '2026-11-21',
    seed: '00c0ffee00c0ffee',
    force: false,
    started: '2026-11-21T10:00:00.000Z',
    retrain: '1.0.0',
    links: [],
    outcome: 'passed',
    promoted: false,
    records: [...records],
    ...more,
  };
}

const rocX = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1];

const trained = record('train', {
  started: '2026-11-21T10:00:09.000Z',
  seconds: 64.2,
  found: 'gradient_boosting won over random_forest and logistic_regression.',
  inputs: { algorithms: ['logistic_regression', 'random_forest', 'gradient_boosting'], select: 'cross-validation' },
  outputs: { algorithm: 'gradient_boosting', model: { uri: 'files/train/model', sha256: digest('c'), bytes: 1_843_212, files: 3 } },
  metrics: [
    {
      name: 'auc_roc',
      value: 0.8451,
      n: 5635,
      split: 'cross-validation',
      model: 'logistic_regression',
      interval: interval(0.832, 0.858, 't'),
    },
    { name: 'auc_roc', value: 0.8392, n: 5635, split: 'cross-validation', model: 'random_forest', interval: interval(0.825, 0.853, 't') },
    {
      name: 'auc_roc',
      value: 0.8487,
      n: 5635,
      split: 'cross-validation',
      model: 'gradient_boosting',
      interval: interval(0.836, 0.861, 't'),
    },
  ],
  curves: [
    {
      name: 'importance',
      title: 'What the winner looks at',
      x: 'Feature',
      y: 'Importance',
      series: [
        {
          name: 'gradient_boosting',
          x: ['Contract=Month-to-month', 'tenure', 'InternetService=Fiber optic', 'TotalCharges', 'OnlineSecurity=No'],
          y: [0.41, 0.19, 0.13, 0.08, 0.05],
        },
      ],
    },
    {
      name: 'history',
      title: 'Loss while training',
      x: 'Round',
      y: 'Log loss',
      series: [
        { name: 'train', x: [0, 50, 100, 150, 200], y: [0.58, 0.45, 0.41, 0.395, 0.39] },
        { name: 'validation', x: [0, 50, 100, 150, 200], y: [0.58, 0.46, 0.43, 0.424, 0.426] },
      ],
    },
  ],
});

const evaluated = record('evaluate', {
  started: '2026-11-21T10:01:14.000Z',
  seconds: 3.4,
  found: 'auc_roc 0.846; all gates passed.',
  inputs: { primary: 'auc_roc', predictions: { uri: 'files/train/predictions.csv', sha256: digest('d'), bytes: 61_200 } },
  metrics: [
    { name: 'auc_roc', value: 0.8463, n: 1409, split: 'test', interval: interval(0.8244, 0.8682) },
    { name: 'accuracy', value: 0.8034, n: 1409, split: 'test', interval: interval(0.7818, 0.8233, 'wilson') },
    { name: 'f1', value: 0.5921, n: 1409, split: 'test', interval: interval(0.5533, 0.6299, 'bca') },
    { name: 'log_loss', value: 0.4142, n: 1409, split: 'test', interval: interval(0.3951, 0.4339, 'bca') },
    { name: 'mcc', notComputable: 'zero-denominator', n: 1409, split: 'oot' },
    { name: 'auc_roc', value: 0.8311, n: 1409, split: 'test', model: 'champion' },
  ],
  gates: [
    {
      name: 'auc_roc',
      threshold: '>= 0.80',
      value: 0.8463,
      interval: interval(0.8244, 0.8682),
      judged: 'point',
      verdict: 'passed',
      split: 'test',
    },
    { name: 'log_loss', threshold: '<= 0.45', value: 0.4142, judged: 'point', verdict: 'passed', split: 'test' },
  ],
  curves: [
    {
      name: 'roc',
      title: 'ROC curve',
      x: 'False positive rate',
      y: 'True positive rate',
      series: [
        { name: 'candidate', x: rocX, y: [0, 0.21, 0.36, 0.53, 0.71, 0.81, 0.9, 0.95, 0.99, 1] },
        { name: 'champion (version 2)', x: rocX, y: [0, 0.18, 0.32, 0.49, 0.68, 0.79, 0.88, 0.94, 0.985, 1] },
      ],
    },
    {
      name: 'precision-recall',
      title: 'Precision and recall',
      x: 'Recall',
      y: 'Precision',
      series: [{ name: 'candidate', x: [0, 0.2, 0.4, 0.6, 0.8, 1], y: [1, 0.79, 0.71, 0.62, 0.51, 0.27] }],
    },
    {
      name: 'calibration',
      title: 'Calibration',
      x: 'Predicted',
      y: 'Observed',
      series: [{ name: 'candidate', x: [0.05, 0.2, 0.4, 0.6, 0.8], y: [0.04, 0.19, 0.43, 0.58, 0.79] }],
    },
  ],
  tables: [
    {
      name: 'confusion',
      title: 'Confusion matrix',
      columns: ['Observed', 'Predicted No', 'Predicted Yes'],
      rows: [
        ['No', 938, 97],
        ['Yes', 180, 194],
      ],
    },
  ],
});

/** Every part that a run can have: three algorithms, a champion beaten, slices, drift, data quality, warnings. */
export const promoted: Manifest = manifest(
  [
    record('gate', { seconds: 0.4, found: 'New data: the source has changed.' }),
    record('fetch-data', {
      started: '2026-11-21T10:00:00.500Z',
      seconds: 0.8,
      found: '7,043 rows in 3 files.',
      outputs: { data: { uri: 'files/fetch-data/dataset.json', sha256: digest('a'), bytes: 912 }, rows: 7043 },
    }),
    record('validate-data', {
      started: '2026-11-21T10:00:01.400Z',
      seconds: 1.2,
      found: '6 rules hold, 1 warns.',
      inputs: { data: { uri: 'files/fetch-data/dataset.json', sha256: digest('a'), bytes: 912 } },
      tables: [
        {
          name: 'rules',
          title: 'Rules',
          columns: ['Column', 'Rule', 'Rows against it', 'Share', 'Kept'],
          rows: [
            ['tenure', 'min 0', 0, 0, true],
            ['TotalCharges', 'required', 11, 0.00156, false],
            ['Contract', 'in Month-to-month, One year, Two year', 0, 0, true],
          ],
        },
      ],
      warnings: [{ code: 'missing-values', text: 'TotalCharges is missing in 11 rows (0.2 %).' }],
    }),
    record('drift', {
      started: '2026-11-21T10:00:02.700Z',
      seconds: 0.6,
      found: '1 of 4 columns moved.',
      inputs: { limit: 0.1, threshold: 0.5 },
      outputs: { drifted: false, share: 0.25 },
      metrics: [
        { name: 'psi', column: 'tenure', value: 0.021, n: 1200 },
        { name: 'psi', column: 'MonthlyCharges', value: 0.162, n: 1200 },
        { name: 'psi', column: 'Contract', value: 0.043, n: 1200 },
        { name: 'psi', column: 'gender', value: 0.0004, n: 1200 },
      ],
    }),
    record('prepare-data', {
      started: '2026-11-21T10:00:03.400Z',
      seconds: 5.1,
      found: '5,634 rows to train, 1,409 to judge; 45 features.',
      outputs: { features: 45 },
    }),
    trained,
    evaluated,
    record('bias-check', {
      started: '2026-11-21T10:01:18.000Z',
      seconds: 1.1,
      found: '4 slices, none outside its limits.',
      metrics: [
        { name: 'tpr', slice: 'gender=Female', value: 0.528, n: 182, interval: interval(0.456, 0.599, 'wilson') },
        { name: 'tpr', slice: 'gender=Male', value: 0.51, n: 192, interval: interval(0.44, 0.58, 'wilson') },
        { name: 'tpr', slice: 'SeniorCitizen=0', value: 0.49, n: 280, interval: interval(0.432, 0.548, 'wilson') },
        { name: 'tpr', slice: 'SeniorCitizen=1', value: 0.606, n: 94, interval: interval(0.505, 0.699, 'wilson') },
        { name: 'tpr', slice: 'gender=Other', notComputable: 'too-few', n: 3 },
      ],
      gates: [
        {
          name: 'equal_opportunity',
          slice: 'gender',
          threshold: '<= 0.10',
          value: 0.018,
          interval: interval(-0.052, 0.088, 'newcombe'),
          judged: 'interval',
          verdict: 'passed',
        },
      ],
    }),
    record('register', {
      started: '2026-11-21T10:01:19.300Z',
      seconds: 0.2,
      found: 'Version 3.',
      outputs: { version: 3 },
      curves: [
        {
          name: 'trend',
          title: 'auc_roc over the versions',
          x: 'Version',
          y: 'auc_roc',
          series: [{ name: 'auc_roc', x: [1, 2, 3], y: [0.81, 0.82, 0.83] }],
        },
      ],
    }),
    record('promote', {
      started: '2026-11-21T10:01:19.600Z',
      seconds: 0.3,
      found: 'Version 3 in place of version 2.',
      outputs: { promoted: true },
      comparison: {
        champion: 2,
        verdict: 'better',
        reason: { code: 'better', text: 'auc_roc is better than that of version 2 beyond noise.' },
        n: 1174,
        leftOut: 235,
        split: 'test',
        primary: {
          metric: 'auc_roc',
          candidate: 0.8463,
          champion: 0.8311,
          difference: 0.0152,
          interval: interval(0.0041, 0.0263),
          p: 0.0072,
          test: 'DeLong',
          margin: 0,
          verdict: 'better',
          smallestVisible: 0.0159,
        },
        guards: [
          {
            metric: 'recall',
            candidate: 0.519,
            champion: 0.523,
            difference: -0.004,
            interval: interval(-0.019, 0.011, 'bca'),
            margin: 0.02,
            verdict: 'not-worse',
            test: 'McNemar',
            p: 0.61,
            discordant: { candidateOnly: 14, championOnly: 17 },
          },
        ],
      },
    }),
  ],
  {
    pipeline: 'pipelines/churn.yaml',
    key: digest('e'),
    owner: 'growth-team',
    ended: '2026-11-21T10:01:20.100Z',
    machine: { platform: 'linux', arch: 'x64', cpus: 2, memoryGb: 7.8, node: '24.21.0' },
    links: [{ name: 'Run on GitHub', url: 'https://github.com/o/r/actions/runs/1?pr=2&check=3' }],
    version: 3,
    promoted: true,
  },
);

/** As above, but the candidate was no better. */
export const keptBack: Manifest = {
  ...promoted,
  promoted: false,
  records: promoted.records.map((each) =>
    each.stage === 'promote' && each.comparison?.primary
      ? {
          ...each,
          found: 'Version 2 stays.',
          verdict: { kind: 'skipped', reason: { code: 'not-better', text: 'auc_roc is not better than that of version 2 beyond noise.' } },
          comparison: {
            ...each.comparison,
            verdict: 'not-better',
            reason: { code: 'not-better', text: 'auc_roc is not better than that of version 2 beyond noise.' },
            primary: {
              ...each.comparison.primary,
              candidate: 0.8331,
              difference: 0.002,
              interval: interval(-0.0091, 0.0131),
              p: 0.71,
              verdict: 'not-better',
            },
          },
        }
      : each,
  ),
};

export const refused: Manifest = manifest(
  [
    trained,
    {
      ...evaluated,
      verdict: { kind: 'failed', reason: { code: 'gate-missed', text: 'auc_roc is 0.7996, asked was >= 0.80.' } },
      metrics: [{ name: 'auc_roc', value: 0.7996, n: 1409, split: 'test' }],
      gates: [{ name: 'auc_roc', threshold: '>= 0.80', value: 0.7996, judged: 'point', verdict: 'failed', split: 'test' }],
    },
  ],
  { outcome: 'refused', reason: { code: 'gate-missed', text: 'auc_roc is 0.7996, asked was >= 0.80.' } },
);

export const skipped: Manifest = manifest(
  [
    record('gate', {
      verdict: { kind: 'skipped', reason: { code: 'nothing-new', text: 'Code, configuration and data are the same as version 1.' } },
      endsRun: true,
      seconds: 0.2,
    }),
  ],
  { outcome: 'skipped', reason: { code: 'nothing-new', text: 'Code, configuration and data are the same as version 1.' }, version: 1 },
);

export const errored: Manifest = manifest(
  [
    record('train', {
      outcome: 'errored',
      verdict: undefined,
      error: {
        code: 'trainer-failed',
        message: 'The trainer ended with exit code 1: ValueError: y contains NaN.',
        todo: 'Read files/train/trainer.log.',
        fault: 'user',
      },
    }),
  ],
  { outcome: 'errored' },
);

/** Texts that want to be more than text, each of them in every place a record has for text. */
export const HOSTILE = [
  '__proto__',
  '</details><script>alert(1)</script>',
  '@everyone',
  '![](http://evil.example/x.png)',
  '[click](javascript:alert(1))',
  '#1 GH-2 o/r#3',
  'a|b\n| c | d |\n\n# heading',
  '`code` ``` ~~~',
  '"><img src=x onerror=alert(1)>',
  'http://evil.example www.evil.example a@evil.example',
  '\u202egnp.exe \x1b[31mred\x1b[0m \0',
  '<!-- comment --> &lt;b&gt; &#64;here',
  "' onmouseover='alert(1)",
  '- item\n1. item\n> quote\n---',
  '*bold* _it_ ~~no~~ $x$ :tada:',
] as const;

export const hostile: Manifest = (() => {
  const text = HOSTILE.join(' ');
  const nasty = (each: string) => ({ code: each, text: each });
  return manifest(
    [
      record('gate', { found: text, warnings: HOSTILE.map(nasty) }),
      record('drift', {
        found: text,
        inputs: { limit: 0.1 },
        metrics: HOSTILE.map((column, index) => ({ name: HOSTILE[index % 3] as string, column, value: index / 20, n: 5 })),
      }),
      record('validate-data', {
        tables: [{ name: text, title: text, columns: [...HOSTILE], rows: HOSTILE.map((each) => HOSTILE.map(() => each)) }],
      }),
      record('train', {
        inputs: { [text]: { uri: text, sha256: digest('a'), bytes: 1 } },
        outputs: { algorithm: HOSTILE[1], [text]: { uri: text, sha256: digest('b'), bytes: 1 } },
        metrics: HOSTILE.map((model) => ({ name: text, value: 0.5, n: 5, model, split: text })),
        curves: [
          {
            name: 'importance',
            title: text,
            x: text,
            y: text,
            series: [{ name: text, x: [...HOSTILE], y: HOSTILE.map((_, index) => index) }],
          },
          { name: 'roc', title: text, x: text, y: text, series: HOSTILE.map((name) => ({ name, x: [0, 1], y: [0, 1] })) },
        ],
      }),
      record('evaluate', {
        metrics: HOSTILE.map((name) => ({ name, value: 0.5, n: 5, split: name, interval: interval(0.4, 0.6, name) })),
        gates: HOSTILE.map((name) => ({
          name,
          threshold: name,
          value: 0.5,
          judged: 'point' as const,
          verdict: 'failed' as const,
          reason: name,
          slice: name,
          split: name,
        })),
      }),
      record('bias-check', { found: text, metrics: HOSTILE.map((slice) => ({ name: slice, slice, value: 0.5, n: 5 })) }),
      record('promote', {
        verdict: { kind: 'failed', reason: nasty(text) },
        comparison: {
          champion: 1,
          verdict: 'incomparable',
          reason: nasty(text),
          n: 5,
          leftOut: 0,
          split: text,
          primary: {
            metric: text,
            candidate: 0.5,
            champion: 0.5,
            difference: 0,
            margin: 0,
            verdict: 'incomparable',
            test: text,
            notComputable: text,
          },
          guards: [],
        },
      }),
      record('notify', { outcome: 'errored', verdict: undefined, error: { code: text, message: text, todo: text, fault: 'world' } }),
    ],
    {
      model: text,
      pipeline: text,
      owner: text,
      version: 1,
      outcome: 'refused',
      reason: nasty(text),
      links: [
        { name: text, url: 'javascript:alert(1)' },
        { name: text, url: 'https://example.org/a)(b|c<d>"e' },
      ],
    },
  );
})();
