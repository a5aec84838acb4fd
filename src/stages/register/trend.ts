import type { Curve } from '../../kernel/record.ts';
import type { Version } from '../../providers/registries/registry.ts';

/** Versions shown; the newest. */
const VERSIONS_MAX = 200;

/** The primary metric on the test rows of each version so far, for the report; nothing where only one version has it. */
export function trendOf(versions: readonly Version[], primary: string): Curve[] {
  const points = versions.flatMap(({ version, metadata }) => {
    const value = (metadata.performance as { test?: Readonly<Record<string, unknown>> } | undefined)?.test?.[primary];
    return typeof value === 'number' && Number.isFinite(value) ? [{ version, value }] : [];
  });
  if (points.length < 2) return [];
  const shown = points.sort((a, b) => a.version - b.version).slice(-VERSIONS_MAX);
  return [
    {
      name: 'trend',
      title: `${primary} over the versions`,
      x: 'Version',
      y: primary,
      series: [{ name: primary, x: shown.map(({ version }) => version), y: shown.map(({ value }) => value) }],
    },
  ];
}
