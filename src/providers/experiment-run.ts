/** A run in the experiments of a service, by the full names of both. */
export interface ExperimentRun {
  readonly experiment: string;
  readonly run: string;
}
