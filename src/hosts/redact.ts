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
] as const;

// A shorter text would be struck out of innocent words.
export const SECRET_LENGTH_MIN = 4;

/** A function that takes every secret of the environment, plain and in its URL, JSON and base64 forms, out of a text. */
export function redactor(env: Readonly<Record<string, string | undefined>>): (text: string) => string {
  const forms = SECRET_NAMES.flatMap((name) => {
    const secret = env[name];
    if (secret === undefined || secret.length < SECRET_LENGTH_MIN) return [];
    return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')];
  }).sort((a, b) => b.length - a.length);
  return (text) => forms.reduce((clean, form) => clean.replaceAll(form, '***'), text);
}
