import { readFileSync } from 'node:fs';

/**
 * Peak memory of this program in MB. Linux counts in `maxRSS` what the process was before it became this program, the whole bench that
 * started it; its high-water mark begins anew.
 */
function peakMb(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

/** How our programs report: seconds without start and imports, wall and processor time of all threads, and the peak memory of the process. */
export class Clock {
  readonly #start = performance.now();
  readonly #cpu = process.cpuUsage();

  report(found: object): void {
    const seconds = (performance.now() - this.#start) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, mb: peakMb(), found }));
  }
}
