import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

/** Which process something belongs to, so that others can tell whether it is still alive. */
export const ownerSchema = z.object({
  pid: z.int().min(1),
  /** Boot and start time: a process that was given the same number later is another one. */
  start: z.string().optional(),
  /** Host and process namespace: a number means nothing elsewhere. */
  host: z.string(),
});
export type Owner = z.infer<typeof ownerSchema>;

/** This process. */
export function thisProcess(): Owner {
  return ownerOf(process.pid);
}

/** A process of this machine, while it runs. */
export function ownerOf(pid: number): Owner {
  const start = startOf(pid);
  return { pid, ...(start === undefined ? {} : { start }), host: thisHost() };
}

/** Whether the owner still runs; `unknown` when it belongs to another machine or container. */
export function livenessOf(owner: Owner): 'alive' | 'dead' | 'unknown' {
  if (owner.host !== thisHost()) return 'unknown';
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'dead';
  }
  const start = startOf(owner.pid);
  return start !== undefined && owner.start !== undefined && start !== owner.start ? 'dead' : 'alive';
}

function thisHost(): string {
  return `${hostname()} ${quietly(() => readlinkSync('/proc/self/ns/pid')) ?? ''}`.trim();
}

/** Undefined where the system does not tell (not Linux); `ended` for a process that waits to be reaped. */
function startOf(pid: number): string | undefined {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const boot = quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  if (stat === undefined || boot === undefined) return undefined;
  // The second field is the program's name in brackets and may itself hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : `${boot}:${fields[19]}`;
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
