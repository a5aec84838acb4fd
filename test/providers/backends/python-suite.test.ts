import { test } from 'node:test';
import { passes } from './python-suite.ts';
import { tabular } from './trainer-jobs.ts';

test('the Python package passes its own tests that need no torch', (t) =>
  passes(t, { trainer: tabular, folder: 'tests', apart: 'text_to_sql', discover: ['-s', 'tests', '-t', '.'], seconds: 600 }));
