/** How our programs report: seconds without start and imports, wall and processor time of all threads, and the peak memory of the process. */
export class Clock {
  readonly #start = performance.now();
  readonly #cpu = process.cpuUsage();

  report(found: object): void {
    const seconds = (performance.now() - this.#start) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, mb: process.resourceUsage().maxRSS / 1024, found }));
  }
}
