/** What is computed from a vendor's records, at every vendor's simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import type { AnyOperation } from '../core/describe/operation';
import type { Fix } from '../core/describe/records';
import { nameOf, startVendor, type TestVendor } from '../test/hosts/vendor';
import { KITTED } from '../test/support/kits';
import { connectionOf, recordingOf } from '../test/support/recordings';
import { json, TestHost } from '../test/support/test-host';

const isHistory = ({ kind }: AnyOperation) => kind === 'fix' || kind === 'trackPoint';
const keyOf = ({ deviceId, time }: Fix) => `${deviceId} ${String(time)}`;
/** The first of each time and device. What the vendor has corrected to the roads has no time, and comes as it is. */
function firstOfEach(fixes: readonly Fix[]): Fix[] {
	const seen = new Set<string>();
	return fixes.filter((fix) => fix.time === null || (!seen.has(keyOf(fix)) && seen.add(keyOf(fix))));
}
const sorted = (fixes: readonly Fix[]) => [...fixes].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

describe.each(KITTED)('$vendor.provider.title', ({ name, vendor: { provider } }) => {
	let vendor: TestVendor;
	beforeAll(async () => {
		vendor = await startVendor(name);
	});
	afterAll(() => vendor.close());

	const histories = provider.operations.filter(isHistory);

	test('has a history', () => {
		expect(histories.map(nameOf)).toContain('position.getHistory');
	});

	describe.each(histories.map((operation) => [nameOf(operation), operation] as const))(
		'%s with Clean Track',
		(operationName, operation) => {
			const clean = { params: { cleanTrack: true } };

			// The simulated trackers send some fixes several times in a second, and none that is wrong.
			test('gives each fix once', async () => {
				const whole = (await vendor.expected(operation, 'simplified')) as Fix[];
				const once = firstOfEach(whole);
				expect(whole.length).toBeGreaterThan(once.length);
				const cleaned = (await vendor.expected(operation, 'simplified', clean)) as Fix[];
				expect(sorted(cleaned)).toEqual(sorted(once));
				expect(await vendor.expected(operation, 'simplified', { ...clean, limit: 3 })).toEqual(
					cleaned.slice(0, 3),
				);
				expect(await vendor.expected(operation, 'raw', clean)).toHaveLength(whole.length);
			});

			test('asks the vendor for the same', async () => {
				const { exchanges = [], params } = recordingOf(provider, operationName) ?? {};
				const sent = async (input: object) => {
					const answers = exchanges.map(({ response }) => response);
					const host = new TestHost(() => json(answers.shift()));
					await new Client(provider, connectionOf(provider), host).collect(operation, {
						...params,
						...input,
					});
					return host.sent.map(({ request }) => request);
				};
				expect(await sent({ cleanTrack: true })).toEqual(await sent({}));
			});
		},
	);
});
