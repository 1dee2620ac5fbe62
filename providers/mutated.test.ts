import { describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { FleetError } from '../core/describe/errors';
import { mutated, randomOf } from '../test/support/mutations';
import { connectionOf, recordingOf } from '../test/support/recordings';
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

describe.each(providers.map((provider) => [provider.title, provider] as const))(
	'%s: damaged answers give records or an error with words',
	(_, provider) => {
		test.each(
			provider.operations.map((operation) => [`${operation.resource}.${operation.name}`, operation] as const),
		)('%s', async (name, operation) => {
			const recorded = recordingOf(provider, name);
			const [first] = recorded?.exchanges ?? [];
			// A method that sends nothing has no answer to damage.
			if (recorded === undefined || first === undefined) return;
			const random = randomOf(
				Array.from(`${provider.name} ${name}`).reduce(
					(seed, character) => (seed * 31 + character.charCodeAt(0)) >>> 0,
					7,
				),
			);
			const connection = connectionOf(provider);
			for (let count = 0; count < MUTATIONS; count++) {
				const text = mutated(first.response, random);
				const host = new TestHost(() => json(text));
				// An account of its own each time, so that one round's failures do not hold back the next.
				const client = new Client(provider, { ...connection, account: `${name} ${String(count)}` }, host);
				let result: object[];
				try {
					result = await client.collect(operation, recorded.params);
				} catch (error) {
					expect(error, text).toBeInstanceOf(FleetError);
					expect((error as FleetError).message, text).not.toContain('did not expect');
					expect((error as FleetError).message.length, text).toBeGreaterThan(15);
					continue;
				}
				expect(host.warnings.join(), text).not.toContain('did not expect');
				if (operation.kind !== 'other') for (const record of result) check(record, text);
			}
			expect(Object.keys(Object.prototype)).toEqual([]);
		});
	},
);
