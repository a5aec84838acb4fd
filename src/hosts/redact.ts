import type { Redact } from '../kernel/redact-record.ts';

/** Names under which secrets reach Retrain; nothing else of the environment is one. */
export const SECRET_NAMES = [
  'SLACK_WEBHOOK_URL',
  'SMTP_PASSWORD',
  'GITHUB_TOKEN',
  'HF_TOKEN',
  'SUPABASE_KEY',
  'MLFLOW_TRACKING_PASSWORD',
  'MLFLOW_TRACKING_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
] as const;
/** What a runner hands its actions, and masks itself. */
const OF_THE_RUNNER = ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'] as const;

// A shorter text would be struck out of innocent words.
export const SECRET_LENGTH_MIN = 4;
/** In values that programs read again (a path, a name), a shorter one is likelier a word of the configuration than the secret. */
const IN_VALUES_LENGTH_MIN = 8;

/**
 * What is a secret by its looks, whoever gave it and wherever: the password in an address, tokens of GitHub, Hugging Face, Slack, Google and
 * Supabase, signed tokens, private keys.
 */
const LOOKS = new RegExp(
  [
    /(?<=\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:)[^\s/@]+(?=@)/,
    /\bgh[pousr]_[A-Za-z0-9]{20,}/,
    /\bgithub_pat_[A-Za-z0-9_]{20,}/,
    /\bhf_[A-Za-z0-9]{20,}/,
    /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/,
    /(?<=\bhooks\.slack\.com\/(?:services|workflows)\/)[\w/-]+/,
    /\bya29\.[\w-]{20,}/,
    /\bAIza[\w-]{30,}/,
    /\bsb_secret_[\w-]{16,}/,
    /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/,
    /(?<=-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?=-----END)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

/** A function that takes every secret of the environment, plain and in its URL, JSON and base64 forms, and all that looks like one out of a text. */
export function redactor(env: Readonly<Record<string, string | undefined>>): Redact {
  const formsFrom = (lengthMin: number): readonly string[] =>
    [...SECRET_NAMES, ...OF_THE_RUNNER]
      .flatMap((name) => {
        const secret = env[name];
        return secret === undefined || secret.length < lengthMin ? [] : formsOf(secret);
      })
      .sort((a, b) => b.length - a.length);
  const inText = formsFrom(SECRET_LENGTH_MIN);
  const inValues = formsFrom(IN_VALUES_LENGTH_MIN);
  return (text, what) =>
    (what === 'value' ? inValues : inText).reduce((clean, form) => clean.replaceAll(form, '***'), text).replace(LOOKS, '***');
}

function formsOf(secret: string): readonly string[] {
  const forms = [secret, encodeURIComponent(secret), encodeURI(secret), JSON.stringify(secret).slice(1, -1)];
  const encoded = [0, 1, 2].map((shift) => inBase64(secret, shift)).filter((form) => form.length >= SECRET_LENGTH_MIN);
  return [...new Set([...forms, ...encoded, ...encoded.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))])];
}

/** The characters that the secret alone decides when it stands `shift` bytes into what is encoded. */
function inBase64(secret: string, shift: number): string {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]);
  const whole = Math.floor((bytes.length * 8) / 6);
  return bytes.toString('base64').slice(Math.ceil((shift * 8) / 6), whole);
}
