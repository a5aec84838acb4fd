/**
 * Kills every process whose environment holds `mark` (`NAME=value`), as far as it is ours: what a program started carries it on, also in a session
 * of its own. Linux only; elsewhere nothing is found. Uses nothing but what it is given, because a guard runs its text: `files` is `node:fs`.
 */
export function endMarked(
  files: { readdirSync(path: string): string[]; readFileSync(path: string, encoding: 'latin1'): string },
  mark: string,
): void {
  // Whoever is killed may just have started another.
  for (let pass = 0; pass < 5; pass++) {
    let found = false;
    let names: string[] = [];
    try {
      names = files.readdirSync('/proc');
    } catch {
      return;
    }
    for (const name of names) {
      if (!/^\d+$/.test(name)) continue;
      try {
        if (!files.readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(mark)) continue;
        process.kill(Number(name), 'SIGKILL');
        found = true;
      } catch {
        // It has ended, or is not ours.
      }
    }
    if (!found) return;
  }
}
