/** How the bundler begins what it says of a package: its name, then the license by its SPDX name. */
const ENTRY =
  /^(?=(?:@[\w.-]+\/)?[\w.-]+\n\(?(?:MIT|MIT-0|MIT\/X11|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|PostgreSQL)\b.{0,40}\n)/m;

/** The licenses of bundled packages with each text once, below the names of all it is for: many packages carry the same. */
export function groupLicenses(text: string): string {
  const names = new Map<string, string[]>();
  for (const entry of text.split(ENTRY).filter((part) => part.trim() !== '')) {
    const end = entry.indexOf('\n');
    const license = entry.slice(end + 1).trim();
    names.set(license, [...(names.get(license) ?? []), entry.slice(0, end)]);
  }
  return [...names].map(([license, packages]) => `${packages.join('\n')}\n\n${license}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}
