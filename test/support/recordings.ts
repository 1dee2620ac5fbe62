import { isComputed } from '../../core/describe/operation';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '../../core/describe/connection';
import type { Provider } from '../../core/describe/provider';
import { vendors } from '../../providers';
import type { Vendor } from '../../providers/vendor';

/**
 * One recorded pair for each operation: what a user fills in, the requests that must leave, the vendor's answers, and
 * the records that come out.
 */
export interface Recorded {
	source: string;
	params: Record<string, unknown>;
	/** What the tests in the real hosts fill in, for the simulator. */
	simulated: Record<string, unknown>;
	/** `body`: what a POST carries, JSON or the fields of a form. */
	exchanges: { request: string; body?: unknown; response: unknown }[];
	simplified: object[];
	raw?: object[];
}

/** The folder below providers/ that vendors of one platform share. */
export const platformOf = ({ module }: Pick<Vendor, 'module'>) => module.split('/')[0] ?? '';

export function folderOf({ name }: Pick<Provider, 'name'>): string {
	const vendor = vendors.find(({ provider }) => provider.name === name);
	return join(__dirname, '..', '..', 'providers', vendor === undefined ? name : platformOf(vendor), 'recorded');
}

/** Undefined where an operation has none. */
export function recordingOf(provider: Pick<Provider, 'name'>, operation: string): Recorded | undefined {
	const file = join(folderOf(provider), `${operation}.json`);
	return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded) : undefined;
}

/** Names of the operations that have one. */
export const recordedNames = (provider: Pick<Provider, 'name'>) =>
	existsSync(folderOf(provider)) ? readdirSync(folderOf(provider)).map((file) => file.replace(/\.json$/, '')) : [];

const common = {
	baseUrl: 'https://vendor.example',
	account: 'demo',
	secret: 'Abc@34590',
	allowCommands: true,
	allowPrivateAddresses: false,
	rateLimit: 60_000,
};

/** An account with which everything may be tried: what a new one shows, commands and links allowed. */
export function connectionOf(provider: Provider): Connection & Record<string, unknown> {
	const shown = Object.fromEntries(Object.entries(provider.connection).map(([name, field]) => [name, field.initial]));
	// iTracksense refuses writes whose path is not proven until the account names it.
	const unproven = provider.operations.filter((one) => one.evidence.grade !== 'C' && !isComputed(one));
	const methodPaths = Object.fromEntries(
		unproven.map(({ resource, name, route }) => [`${resource}.${name}`, route.split(' ')[1]]),
	);
	return {
		...shown,
		...common,
		...('allowWebLinks' in shown ? { allowWebLinks: true } : {}),
		...('methodPaths' in shown ? { methodPaths } : {}),
	};
}
