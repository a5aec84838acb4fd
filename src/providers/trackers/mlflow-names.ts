import { sha256 } from '../../kernel/digest.ts';

/*
 * What MLflow takes: names of metrics, parameters and tags of 250 characters, letters of any alphabet, digits and `_ - . / :` and blanks, that are
 * no other path when read as one (mlflow/utils/validation.py). Windows servers take no colon, so neither do we.
 */
const NAME_MAX = 250;
const UNFIT = /[^\p{L}\p{N}_\-./ ]/gu;
/** Names of runs have no limit of their own, but a column of 250 characters. */
const EXPERIMENT_MAX = 500;
const RUN_NAME_MAX = 250;
const PARAM_MAX = 6_000;
/** What older servers take; MLflow 3 takes 8,000. */
const TAG_MAX = 5_000;

/** Tag a run is found by, whatever its name. */
export const LOOKUP_TAG = 'retrain.run-digest';
/** What MLflow shows of a training lies under this name, so that it meets no figure of the whole run. */
const SERIES = 'train/';

export const lookupTag = (key: string) => ({ key: LOOKUP_TAG, value: sha256(key) });

/** A name that MLflow takes. One that had to be changed ends in a digest of what it was, so that two stay two. */
function fit(name: string, taken = false): string {
  const plain = name.replace(UNFIT, '_').toWellFormed();
  if (plain === name && !taken && name.length <= NAME_MAX && !isOtherPath(name)) return name;
  const words = plain
    .split('/')
    .filter((part) => part !== '' && !/^\.+$/.test(part))
    .join('/')
    .replace(/^\.+/, '');
  return `${words
    .slice(0, NAME_MAX - 12)
    .toWellFormed()
    .replaceAll('\ufffd', '_')}-${sha256(name).slice(0, 8)}`.replace(/^-/, '_-');
}

const isOtherPath = (name: string): boolean =>
  name === '' || name.startsWith('..') || name.split('/').some((part) => part === '' || part === '.' || part === '..');

export const paramName = (name: string): string => fit(name);
export const tagName = (name: string): string => fit(name, name === LOOKUP_TAG);
/** Figures of the whole run keep their names; series stand under `train/`. */
export const metricName = ({ name, step }: { readonly name: string; readonly step?: number }): string =>
  step === undefined ? fit(name, name.startsWith(SERIES)) : seriesName(`${SERIES}${name}`);

/** A name of nothing but dots and slashes leaves no path behind `train`. */
const seriesName = (name: string): string => {
  const fitted = fit(name);
  return fitted.startsWith(SERIES) ? fitted : `${SERIES}${fitted}`;
};

export const experimentName = (name: string): string => cut(name, EXPERIMENT_MAX) || 'retrain';
export const runTitle = (name: string): string => cut(name, RUN_NAME_MAX);
export const paramValue = (value: string | number | boolean): string => cut(String(value), PARAM_MAX);
export const tagValue = (value: string): string => cut(value, TAG_MAX);

/** Text that a database takes; a longer one says how long it was. */
function cut(text: string, limit: number): string {
  const plain = text.toWellFormed().replaceAll('\0', '\ufffd');
  if (plain.length <= limit) return plain;
  const note = `… (${plain.length} characters)`;
  return `${plain.slice(0, limit - note.length).toWellFormed()}${note}`;
}
