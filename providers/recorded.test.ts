import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { addressOf } from '../core/describe/host';
import { connectionOf, folderOf, recordedNames, recordingOf } from '../test/support/recordings';
import { json, TestHost } from '../test/support/test-host';
import { withoutDevices } from '../test/support/without-devices';
import { providers } from '.';

/** `RECORD=1 npm run test:unit -- recorded` writes the records again; read them before you commit. */
const updating = process.env.RECORD === '1';

describe.each(providers.map((provider) => [provider.title, provider] as const))('%s', (_, provider) => {
	const operations = provider.operations.map(
		(operation) => [`${operation.resource}.${operation.name}`, operation] as const,
	);

	test.each(operations)('%s does what was recorded', async (name, operation) => {
		const recorded = recordingOf(provider, name);
		if (recorded === undefined) throw new Error(`${name} has no recorded pair`);
		expect(recorded.simulated, `${name} has no parameters for the simulator`).toBeTypeOf('object');
		const run = async (output: 'simplified' | 'raw') => {
			const answers = recorded.exchanges.map(({ response }) => response);
			const host = new TestHost(() => json(answers.shift() ?? { code: -1, message: 'nothing recorded' }));
			const client = new Client(provider, connectionOf(provider), host);
			if (operation.effect !== 'read') withoutDevices(client);
			const records = await client.collect(operation, recorded.params, { output });
			const sent = host.sent.map(({ request }) => ({
				request: `${request.method} ${addressOf('', request)}`,
				body: request.json ?? request.form,
			}));
			if (updating)
				for (const [place, { body }] of sent.entries())
					Object.assign(recorded.exchanges[place] ?? {}, body === undefined ? {} : { body });
			expect(sent).toEqual(recorded.exchanges.map(({ request, body }) => ({ request, body })));
			return JSON.parse(JSON.stringify(records)) as object[];
		};
		const simplified = await run('simplified');
		const raw = operation.effect === 'read' ? await run('raw') : undefined;
		if (updating)
			writeFileSync(
				join(folderOf(provider), `${name}.json`),
				`${JSON.stringify({ ...recorded, simplified, raw }, null, '\t')}\n`,
			);
		else expect({ simplified, raw }).toEqual({ simplified: recorded.simplified, raw: recorded.raw });
	});

	test('there is no recording without its operation', () => {
		const known = new Set(
			providers
				.filter((other) => folderOf(other) === folderOf(provider))
				.flatMap(({ operations: all }) => all.map(({ resource, name }) => `${resource}.${name}`)),
		);
		expect(recordedNames(provider).filter((name) => !known.has(name))).toEqual([]);
	});
});
