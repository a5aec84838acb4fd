import { test } from 'node:test';
import { passes } from '../python-suite.ts';
import { textToSql } from '../trainer-jobs.ts';

test('the text-to-SQL trainer passes its own tests', (t) =>
  passes(t, {
    trainer: textToSql,
    // Its environment is some gigabytes; one that is at hand can be named.
    python: process.env.RETRAIN_TEST_TORCH_PYTHON,
    folder: 'tests/text_to_sql',
    discover: ['-s', 'tests/text_to_sql'],
    seconds: 1_800,
  }));
