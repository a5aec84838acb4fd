const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `970457` → `970 kB`: decimal units, three digits. */
export function bytesText(bytes: number): string {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toPrecision(3)} ${UNITS[step]}`;
}
