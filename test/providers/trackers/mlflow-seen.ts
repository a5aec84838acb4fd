import type { SeenRun } from '../../contracts/tracker.ts';

interface Read {
  readonly run: {
    readonly info: { readonly status: keyof typeof OUTCOMES };
    readonly data: {
      readonly metrics?: readonly { readonly key: string; readonly value: number }[];
      readonly params?: readonly { readonly key: string; readonly value: string }[];
      readonly tags?: readonly { readonly key: string; readonly value: string }[];
    };
  };
}
interface History {
  readonly metrics?: readonly { readonly step: number; readonly value: number; readonly timestamp: number }[];
  readonly next_page_token?: string;
}

const OUTCOMES = { RUNNING: 'running', FINISHED: 'finished', FAILED: 'failed', KILLED: 'killed' } as const;
const SERIES = 'train/';

/** A run as whoever reads MLflow sees it: latest values, and of each step of a series the latest point. */
export async function seenOnMlflow(base: string, id: string, artifacts: SeenRun['artifacts'], authorization?: string): Promise<SeenRun> {
  const ask = async <Reply>(name: string, query: Readonly<Record<string, string>>): Promise<Reply> => {
    const headers = authorization === undefined ? {} : { authorization };
    const reply = await fetch(`${base}/api/2.0/mlflow/${name}?${new URLSearchParams(query)}`, { headers });
    if (!reply.ok) throw new Error(`${name}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as Reply;
  };
  const { info, data } = (await ask<Read>('runs/get', { run_id: id })).run;
  const textOf = (pairs: Read['run']['data']['params'] = []) => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
  const metrics: { name: string; value: number; step?: number }[] = [];
  for (const { key, value } of data.metrics ?? []) {
    if (!key.startsWith(SERIES)) {
      metrics.push({ name: key, value });
      continue;
    }
    const latest = new Map<number, number>();
    for (let page = ''; ; ) {
      const found = await ask<History>('metrics/get-history', {
        run_id: id,
        metric_key: key,
        max_results: '100',
        ...(page && { page_token: page }),
      });
      for (const point of [...(found.metrics ?? [])].sort((a, b) => a.timestamp - b.timestamp)) latest.set(point.step, point.value);
      page = found.next_page_token ?? '';
      if (page === '') break;
    }
    for (const [step, value] of [...latest].sort(([a], [b]) => a - b)) metrics.push({ name: key.slice(SERIES.length), value, step });
  }
  return { outcome: OUTCOMES[info.status], params: textOf(data.params), tags: textOf(data.tags), metrics, artifacts };
}
