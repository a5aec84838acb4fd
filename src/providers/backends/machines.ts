/** What a job of Vertex AI runs on, as the pipeline file says it. */
export interface MachineChoice {
  readonly type: string;
  readonly accelerator?: string;
  readonly count?: number;
}

interface BuiltIn {
  readonly accelerator: string;
  readonly count: number;
}

/**
 * Machines whose GPUs are built in, and how many they have.
 * https://cloud.google.com/compute/docs/accelerator-optimized-machines
 */
const BUILT_IN: Readonly<Record<string, BuiltIn>> = {
  ...counted('g2-standard-', 'NVIDIA_L4', { 4: 1, 8: 1, 12: 1, 16: 1, 24: 2, 32: 1, 48: 4, 96: 8 }),
  ...counted('a2-highgpu-', 'NVIDIA_TESLA_A100', { '1g': 1, '2g': 2, '4g': 4, '8g': 8 }),
  ...counted('a2-megagpu-', 'NVIDIA_TESLA_A100', { '16g': 16 }),
  ...counted('a2-ultragpu-', 'NVIDIA_A100_80GB', { '1g': 1, '2g': 2, '4g': 4, '8g': 8 }),
  ...counted('a3-highgpu-', 'NVIDIA_H100_80GB', { '1g': 1, '2g': 2, '4g': 4, '8g': 8 }),
};

/** GPUs that are attached to machines of the N1 series, in these numbers. https://cloud.google.com/compute/docs/gpus */
const ATTACHED: Readonly<Record<string, readonly number[]>> = {
  NVIDIA_TESLA_T4: [1, 2, 4],
  NVIDIA_TESLA_P4: [1, 2, 4],
  NVIDIA_TESLA_P100: [1, 2, 4],
  NVIDIA_TESLA_V100: [1, 2, 4, 8],
};

function counted(prefix: string, accelerator: string, counts: Readonly<Record<string, number>>): Record<string, BuiltIn> {
  return Object.fromEntries(Object.entries(counts).map(([size, count]) => [`${prefix}${size}`, { accelerator, count }]));
}

/** `2 × NVIDIA_L4` for a machine that has them built in. */
export function acceleratorsOf(type: string): string | undefined {
  const built = BUILT_IN[type];
  return built && `${built.count} × ${built.accelerator}`;
}

export const machineText = ({ type, accelerator, count }: MachineChoice): string =>
  accelerator === undefined ? type : `${type} with ${count ?? 1} × ${accelerator}`;

/** What was chosen, with what the type alone decides. */
export function completeMachine(choice: MachineChoice): MachineChoice {
  const built = BUILT_IN[choice.type];
  if (built) return { ...choice, accelerator: choice.accelerator ?? built.accelerator, count: choice.count ?? built.count };
  return choice.accelerator === undefined ? choice : { ...choice, count: choice.count ?? 1 };
}

/** What is wrong with a choice, with the nearest that exists; nothing for machines that are not known here: the service knows. */
export function machineProblem(
  choice: MachineChoice,
): { readonly key: 'type' | 'accelerator' | 'count'; readonly message: string } | undefined {
  const { type, accelerator, count } = completeMachine(choice);
  const built = BUILT_IN[type];
  const series = Object.keys(BUILT_IN).filter((known) => known.split('-')[0] === type.split('-')[0]);
  if (built === undefined && series.length > 0)
    return {
      key: 'type',
      message: `there is no machine ${type}; there are ${series.join(', ')}.`,
    };
  if (built === undefined) return attachedProblem(type, accelerator, count);
  if (accelerator !== built.accelerator)
    return { key: 'accelerator', message: `${type} has ${acceleratorsOf(type)} built in, found ${accelerator}.` };
  if (count === built.count) return undefined;
  const fitting = closest(type, count ?? 1);
  return {
    key: 'count',
    message: `${type} has exactly ${acceleratorsOf(type)}, found ${count}.${fitting === undefined ? '' : ` With ${count}: ${fitting}.`}`,
  };
}

/** The smallest machine of the series with that many GPUs, else with the next more. */
function closest(type: string, count: number): string | undefined {
  const prefix = type.replace(/[^-]+$/, '');
  const found = Object.entries(BUILT_IN)
    .filter(([name, built]) => name.startsWith(prefix) && built.count >= count)
    .sort(([, a], [, b]) => a.count - b.count)[0];
  return found && `${found[0]} (${found[1].count} × ${found[1].accelerator})`;
}

function attachedProblem(type: string, accelerator: string | undefined, count: number | undefined) {
  if (accelerator === undefined)
    return count === undefined ? undefined : { key: 'count' as const, message: 'expected an accelerator as well.' };
  const holder = Object.entries(BUILT_IN).find(([, built]) => built.accelerator === accelerator && built.count === (count ?? 1));
  if (holder)
    return {
      key: 'type' as const,
      message: `${accelerator} is built into machines of its own: ${count ?? 1} are in ${holder[0]}, found ${type}.`,
    };
  const counts = ATTACHED[accelerator];
  if (counts === undefined) return undefined;
  if (!type.startsWith('n1-'))
    return { key: 'type' as const, message: `${accelerator} is attached to machines of the series n1 only, found ${type}.` };
  if (!counts.includes(count ?? 1))
    return { key: 'count' as const, message: `${accelerator} comes in ${counts.join(', ')}, found ${count}.` };
  return undefined;
}
