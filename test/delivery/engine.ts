/**
 * The delivery engine under test: as it is, or with a fault put into its source. A faulty one is compiled in memory, so
 * that the product's code needs no hooks for it.
 */
import { changedModules, type Change } from '../support/changed-modules';

export type { Change } from '../support/changed-modules';

/**
 * What the tests use of the core, and of what keeps its cursors. All of it comes from one compilation: its classes know
 * each other.
 */
export interface Engine {
	breaker: typeof import('../../core/call/breaker');
	client: typeof import('../../core/call/client');
	errors: typeof import('../../core/describe/errors');
	field: typeof import('../../core/describe/field');
	limiter: typeof import('../../core/call/limiter');
	operation: typeof import('../../core/describe/operation');
	pages: typeof import('../../core/call/pages');
	pickers: typeof import('../../core/call/lookups');
	poller: typeof import('../../core/watch/poller');
	queueConsumer: typeof import('../../core/watch/queue-consumer');
	methodRefusals: typeof import('../../core/call/method-refusals');
	proofs: typeof import('../../core/call/proofs');
	refusals: typeof import('../../core/call/refusals');
	retry: typeof import('../../core/call/retry');
	session: typeof import('../../core/call/session');
	sharedReads: typeof import('../../core/call/shared-reads');
	trigger: typeof import('../../core/describe/trigger');
	positionTriggers: typeof import('../../core/watch/position-triggers');
	/** Where a trigger stands, as n8n's side keeps it. */
	n8nState: typeof import('../../n8n/trigger-state');
}

const FILES: Readonly<Record<keyof Engine, string>> = {
	breaker: 'call/breaker',
	client: 'call/client',
	errors: 'describe/errors',
	field: 'describe/field',
	limiter: 'call/limiter',
	operation: 'describe/operation',
	pages: 'call/pages',
	pickers: 'call/lookups',
	poller: 'watch/poller',
	queueConsumer: 'watch/queue-consumer',
	methodRefusals: 'call/method-refusals',
	proofs: 'call/proofs',
	refusals: 'call/refusals',
	retry: 'call/retry',
	session: 'call/session',
	sharedReads: 'call/shared-reads',
	trigger: 'describe/trigger',
	positionTriggers: 'watch/position-triggers',
	n8nState: '../n8n/trigger-state',
};

/** Compiles the engine, with changes if there are any. @throws Error if a change does not fit the source */
export const engineOf = (changes: readonly Change[] = []): Engine => changedModules<Engine>(FILES, changes);
