import { describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { FleetError } from '../core/describe/errors';
import { addressOf, type WireRequest } from '../core/describe/host';
import type { Provider } from '../core/describe/provider';
import { ONE_OF_EACH } from '../test/support/kits';
import { mutated, randomOf } from '../test/support/mutations';
import { connectionOf, recordingOf, type Recorded } from '../test/support/recordings';
import { json, TestHost } from '../test/support/test-host';
import { providers } from '.';

const MUTATIONS = 200;

/** No value that is none: what JSON cannot carry, times that are no times, texts that a conversion left behind. */
function check(record: object, context: string): void {
	for (const [key, value] of Object.entries(record) as [string, unknown][]) {
		const where = `${key} of ${context}`;
		expect(value, where).not.toBeUndefined();
		if (typeof value === 'number') expect(Number.isFinite(value), where).toBe(true);
		if (value !== null && (key === 'time' || key.endsWith('At')))
			expect(Number.isNaN(Date.parse(String(value))), where).toBe(false);
		expect(['NaN', 'Invalid Date', 'undefined', '[object Object]'], where).not.toContain(value);
		if (typeof value === 'object' && value !== null) check(value, context);
	}
}

/** The recorded exchange of a request; of one that was not recorded, another one for the same path. */
function exchangeFor(exchanges: Recorded['exchanges'], request: WireRequest): Recorded['exchanges'][number] {
	const line = `${request.method} ${addressOf('', request)}`;
	const body = JSON.stringify(request.json ?? request.form);
	const pathOf = (text: string) => text.split('?')[0];
	return (
		exchanges.find((one) => one.request === line && JSON.stringify(one.body) === body) ??
		exchanges.findLast((one) => pathOf(one.request) === pathOf(line)) ??
		exchanges[0]!
	);
}

/** What sends nothing has no answer to damage. */
const asking = ({ operations, name: vendor }: Provider) =>
	operations
		.map((operation) => [`${operation.resource}.${operation.name}`, operation] as const)
		.filter(([name]) => recordingOf({ name: vendor }, name)?.exchanges.length !== 0);

test('only links are made without asking', () => {
	for (const provider of providers) {
		const asked = new Set(asking(provider).map(([, operation]) => operation));
		for (const operation of provider.operations)
			expect(asked.has(operation), operation.title).toBe(operation.kind !== 'webLink');
	}
});

describe.each(ONE_OF_EACH.map(({ vendor: { provider } }) => [provider.title, provider] as const))(
	'%s: damaged answers give records or an error with words',
	(_, provider) => {
		test.each(asking(provider))('%s', async (name, operation) => {
			const recorded = recordingOf(provider, name) ?? expect.fail(`${name} has no recorded pair`);
			const { exchanges, params } = recorded;
			const random = randomOf(
				Array.from(`${provider.name} ${name}`).reduce(
					(seed, character) => (seed * 31 + character.charCodeAt(0)) >>> 0,
					7,
				),
			);
			const connection = connectionOf(provider);
			let [gave, failed] = [0, 0];
			for (let count = 0; count < MUTATIONS; count++) {
				const damaged = exchanges[count % exchanges.length]!;
				const text = mutated(damaged.response, random);
				// The other requests of a run get what was recorded.
				const host = new TestHost((request) => {
					const exchange = exchangeFor(exchanges, request);
					return json(exchange === damaged ? text : exchange.response);
				});
				// An account of its own each time, so that one round's failures do not hold back the next.
				const client = new Client(provider, { ...connection, account: `${name} ${String(count)}` }, host);
				let result: object[];
				try {
					result = await client.collect(operation, params);
				} catch (error) {
					expect(error, text).toBeInstanceOf(FleetError);
					expect((error as FleetError).message, text).not.toContain('did not expect');
					expect((error as FleetError).message.length, text).toBeGreaterThan(15);
					failed += 1;
					continue;
				}
				expect(host.warnings.join(), text).not.toContain('did not expect');
				if (result.length > 0) gave += 1;
				if (operation.kind !== 'other') for (const record of result) check(record, text);
			}
			expect(Object.keys(Object.prototype)).toEqual([]);
			// Most faults cost a record or none, and what is no read comes to an outcome whatever the answer.
			if (operation.effect === 'read') expect(gave).toBeGreaterThanOrEqual(MUTATIONS / 40);
			else expect([gave, failed]).toEqual([MUTATIONS, 0]);
		});
	},
);
