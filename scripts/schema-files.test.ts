/** n8n's previews against what operations return: the recorded pairs, which no preview was made of. */
import { describe, expect, test } from 'vitest';
import { vendors } from '../providers';
import { recordingOf } from '../test/support/recordings';
import { schemaFiles, schemaOfKind, type Schema } from './schema-files';

/** What does not fit, by path. A null may stand for any type, and only in `details` may there be more. */
function* misfits(value: unknown, schema: Schema, path: string): Generator<string> {
	if (value === null || value === undefined) return;
	if (typeof value !== schema.type) yield `${path} is a ${typeof value}, not a ${schema.type}`;
	else if (schema.properties !== undefined) {
		const fields = value as Record<string, unknown>;
		for (const [name, wanted] of Object.entries(schema.properties))
			if (name in fields) yield* misfits(fields[name], wanted, `${path}.${name}`);
			else yield `${path}.${name} is missing`;
		for (const name of Object.keys(fields))
			if (!(name in schema.properties) && name !== 'error') yield `${path}.${name} is not in the preview`;
	}
}

describe.each(vendors)('$provider.title', (vendor) => {
	const { provider } = vendor;
	const files = new Map(schemaFiles(vendor));

	test('has a preview of each operation whose answer is documented', () => {
		const documented = provider.operations.filter(({ kind }) => kind !== 'other');
		expect([...files.keys()]).toEqual(
			documented.map(
				({ resource, name }) => `nodes/${vendor.n8n.className}/__schema__/v1.0.0/${resource}/${name}.json`,
			),
		);
		expect(files.size).toBeGreaterThan(5);
	});

	test.each([...files])('%s is what the operation returns', (path, text) => {
		const [resource, name] = path.replace('.json', '').split('/').slice(-2);
		const recorded = recordingOf(provider, `${resource ?? ''}.${name ?? ''}`);
		const schema = JSON.parse(text) as Schema;
		expect(recorded?.simplified.flatMap((record) => [...misfits(record, schema, name ?? '')])).toEqual([]);
	});
});

test('what does not fit is noticed', () => {
	const mileage = schemaOfKind('mileage')!;
	const period = { deviceName: null, plate: 'B 1', from: 'a', to: 'b', deviceId: '1' };
	const record = { ...period, distance: null };
	expect([...misfits(record, mileage, 'm')]).toEqual([]);
	expect([...misfits({ ...record, distance: '5', more: 1 }, mileage, 'm')]).toEqual([
		'm.distance is a string, not a number',
		'm.more is not in the preview',
	]);
	expect([...misfits(period, mileage, 'm')]).toEqual(['m.distance is missing']);
});
