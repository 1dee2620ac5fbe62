import { changedModules, type Change } from '../support/changed-modules';

/** The product's modules that the runs use, as they are or with faults in them. */
export interface Product {
	account: typeof import('../../core/call/account');
	client: typeof import('../../core/call/client');
	errors: typeof import('../../core/describe/errors');
	field: typeof import('../../core/describe/field');
	poller: typeof import('../../core/watch/poller');
	providers: typeof import('../../providers');
	queueConsumer: typeof import('../../core/watch/queue-consumer');
	session: typeof import('../../core/call/session');
	trigger: typeof import('../../core/describe/trigger');
}

const FILES: Readonly<Record<keyof Product, string>> = {
	account: 'call/account',
	client: 'call/client',
	errors: 'describe/errors',
	field: 'describe/field',
	poller: 'watch/poller',
	providers: '../providers/index',
	queueConsumer: 'watch/queue-consumer',
	session: 'call/session',
	trigger: 'describe/trigger',
};

/** @throws Error if a change does not fit the source */
export const productOf = (changes: readonly Change[] = []): Product => changedModules<Product>(FILES, changes);
