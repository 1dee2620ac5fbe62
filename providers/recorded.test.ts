import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Client } from '../core/client';
import { addressOf } from '../core/host';
import type { Connection, Provider } from '../core/provider';
import { json, TestHost } from '../test/support/test-host';
import { providers } from '.';

/**
 * One recorded pair for each operation: what a user fills in, the requests that must leave, the vendor's answers, and
 * the records that come out. `RECORD=1 npm run test:unit -- recorded` writes the records anew; read them before you commit.
 */
interface Recorded {
	source: string;
	params: Record<string, unknown>;
	/** What the tests in the real hosts fill in, for the simulator. */
	simulated: Record<string, unknown>;
	/** `body`: what a POST carries, JSON or the fields of a form. */
	exchanges: { request: string; body?: unknown; response: unknown }[];
	simplified: object[];
	raw?: object[];
}

/** Vendors of one platform share their recordings. */
const FOLDERS: Readonly<Record<string, string>> = { trackceo: 'protrack', etrack: 'protrack' };

const connection: Connection & Record<string, unknown> = {
	baseUrl: 'https://vendor.example',
	account: 'demo',
	allowCommands: true,
	allowPrivateAddresses: false,
	rateLimit: 60_000,
	secret: 'Abc@34590',
};

/** An account with which everything may be tried: what a new one shows, commands allowed. */
function connectionOf(provider: Provider): Connection & Record<string, unknown> {
	const shown = Object.fromEntries(Object.entries(provider.connection).map(([name, field]) => [name, field.initial]));
	// iTracksense refuses writes whose path is not proven until the account names it.
	const methodPaths = Object.fromEntries(provider.operations.filter(({ evidence }) => evidence.grade !== 'C').map(({ resource, name, route }) => [`${resource}.${name}`, route.split(' ')[1]]));
	return { ...shown, ...connection, ...('methodPaths' in shown ? { methodPaths } : {}) };
}

const updating = process.env.RECORD === '1';

describe.each(providers.map((provider) => [provider.title, provider] as const))('%s', (_, provider) => {
	const folder = join(__dirname, FOLDERS[provider.name] ?? provider.name, 'recorded');
	const operations = provider.operations.map((operation) => [`${operation.resource}.${operation.name}`, operation] as const);

	test.each(operations)('%s does what was recorded', async (name, operation) => {
		const file = join(folder, `${name}.json`);
		expect(existsSync(file), `${name} has no recorded pair`).toBe(true);
		const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
		expect(recorded.simulated, `${name} has no parameters for the simulator`).toBeTypeOf('object');
		const run = async (output: 'simplified' | 'raw') => {
			const answers = recorded.exchanges.map(({ response }) => response);
			const host = new TestHost(() => json(answers.shift() ?? { code: -1, message: 'nothing recorded' }));
			const records = await new Client(provider, connectionOf(provider), host).collect(operation, recorded.params, { output });
			const sent = host.sent.map(({ request }) => ({ request: `${request.method} ${addressOf('', request)}`, body: request.json ?? request.form }));
			if (updating) for (const [place, { body }] of sent.entries()) Object.assign(recorded.exchanges[place] ?? {}, body === undefined ? {} : { body });
			expect(sent).toEqual(recorded.exchanges.map(({ request, body }) => ({ request, body })));
			return JSON.parse(JSON.stringify(records)) as object[];
		};
		const simplified = await run('simplified');
		const raw = operation.effect === 'read' ? await run('raw') : undefined;
		if (updating) writeFileSync(file, `${JSON.stringify({ ...recorded, simplified, raw }, null, '\t')}\n`);
		else expect({ simplified, raw }).toEqual({ simplified: recorded.simplified, raw: recorded.raw });
	});

	test('there is no recording without its operation', () => {
		const known = new Set(providers.filter(({ name }) => (FOLDERS[name] ?? name) === (FOLDERS[provider.name] ?? provider.name)).flatMap(({ operations: all }) => all.map(({ resource, name }) => `${resource}.${name}.json`)));
		expect(readdirSync(folder).filter((name) => !known.has(name))).toEqual([]);
	});
});
