/** Every operation runs against its vendor's simulator, with the parameters of its recorded pair. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FleetError } from '../core/describe/errors';
import { nameOf, startVendor, type TestVendor } from '../test/hosts/vendor';
import { KITTED } from '../test/support/kits';

describe.each(KITTED)('$vendor.provider.title', ({ name, platform, vendor: { provider } }) => {
	let vendor: TestVendor;
	beforeAll(async () => {
		vendor = await startVendor(name);
	});
	afterAll(() => vendor.close());

	test.each(provider.operations.map((operation) => [nameOf(operation), operation] as const))(
		'%s',
		async (_, operation) => {
			const { route, evidence } = operation;
			const records = await vendor.expected(operation, 'simplified').catch((error: unknown) => {
				const { message, vendorMessage = '' } = error as FleetError;
				const where = `${route}, section ${evidence.section}, in simulators/${platform}/methods.ts`;
				return expect.fail(`The simulator must answer ${where}. Now: ${message} ${vendorMessage}`);
			});
			expect(records.length).toBeGreaterThan(0);
		},
	);
});
