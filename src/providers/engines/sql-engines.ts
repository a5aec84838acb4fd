import type { EngineAssets, SqlEngines } from './engine.ts';
import { openExecutions } from './execution.ts';
import { openJudge } from './pool.ts';
import type { SqlStarters } from './start.ts';

/** The provider behind the slot `engines`; the host says where code and WebAssembly lie. */
export const sqlEngines = (assets: EngineAssets, starters: SqlStarters): SqlEngines => ({
  open: (options, signal) => openJudge(options, assets, starters, signal),
  openDatabases: (options, signal) => openExecutions(starters, options, signal),
});
