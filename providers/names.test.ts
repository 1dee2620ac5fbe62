import { describe, expect, test } from 'vitest';
import { isReadable } from '../core/describe/read';
import type { Row } from '../core/describe/records';
import { connectionOf, recordingOf } from '../test/support/recordings';
import { providers } from '.';

/** What vendors call the name or plate of a vehicle, in whatever case. */
const NAME =
	/^(vehicle(num|name|plate|registration(number)?)|devicename|platenumber|licenseplate|description|fleetnumber)$/i;
const TIME = /time|date|utc|start|end/i;

const changed = (row: Row, which: RegExp, value: (old: unknown) => unknown): Row =>
	Object.fromEntries(Object.entries(row).map(([name, old]) => [name, which.test(name) ? value(old) : old]));

/** Records with ids of their own and of their device, as the vendors' documents show them. */
const cases = providers.flatMap((provider) =>
	provider.operations
		.filter(({ effect, kind, compute }) => effect === 'read' && kind !== 'message' && compute?.source === undefined)
		.flatMap((operation) => {
			const name = `${operation.resource}.${operation.name}`;
			const { raw = [], params = {}, simplified = [] } = recordingOf(provider, name) ?? {};
			const [first] = simplified as Row[];
			return first !== undefined && 'id' in first && 'deviceName' in first && first.deviceId !== first.plate
				? [{ name: `${provider.name} ${name}`, operation, provider, rows: raw as Row[], params }]
				: [];
		}),
);

test('there are such records', () => expect(cases.length).toBeGreaterThan(20));

describe.each(cases)('$name', ({ operation, provider, rows, params }) => {
	const idOf = (row: Row) => (operation.record(row, params, connectionOf(provider)) as { id: string }).id;
	const readable = rows.filter(isReadable);

	test('has the same id whatever the vehicle is called', () => {
		for (const row of readable) {
			expect(idOf(changed(row, NAME, () => 'Renamed'))).toBe(idOf(row));
			const timeless = changed(row, TIME, (old) => (typeof old === 'string' ? '?' : old));
			expect(idOf(changed(timeless, NAME, () => 'Renamed'))).toBe(idOf(timeless));
		}
	});
});
