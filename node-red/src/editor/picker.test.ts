import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Client } from '../../../core/call/client';
import { ALL, readFields, type Field, type Fields } from '../../../core/describe/field';
import type { SendOptions, WireRequest } from '../../../core/describe/host';
import type { Connection } from '../../../core/describe/connection';
import type { Provider } from '../../../core/describe/provider';
import { fieldsOfTrigger } from '../../../core/describe/trigger';
import { providers } from '../../../providers';
import { FetchHost } from '../../../test/support/fetch-host';
import { startVendor } from '../../../test/hosts/vendor';
import { KITTED } from '../../../test/support/kits';
import { catalogOf } from './catalog';
import { scriptOf } from './script';

interface Picker {
	toggled(field: object, text: string, value: string): string;
	typing(field: object, text: string): { search: string; before: string[] } | undefined;
	/** Whether a row has its tick. */
	valuesIn(field: object, text: string): string[];
}

/** The picker as the browser gets it. */
const picker = (() => {
	const fleetwire: { picker?: Picker } = {};
	const source = readFileSync(join(__dirname, 'browser', 'picker.js'), 'utf8');
	const $ = () => ({ text: () => ({ appendTo: () => undefined }) });
	runInNewContext(scriptOf([source, 'fleetwire.picker = { toggled, typing, valuesIn };'], ''), {
		$,
		window: { fleetwire },
		Map,
		Set,
	});
	return fleetwire.picker!;
})();

/**
 * Names such as people give: with blanks, quotes, brackets, signs that part lists, in any script; and what looks like a
 * list.
 */
const NAMES = [
	'B 10 FLT',
	'B 11 FLT',
	'b 10 flt',
	'B 10',
	'FLT',
	'A, B',
	'C;D',
	' Van 9 ',
	'"Max"',
	"O'Neil",
	'BAC 621(S)',
	'Bubacar 7/6851',
	'[Pool] 1',
	'["A"]',
	'[1]',
	'粤B 12345',
	'ЕК 77',
	'موقع 3',
	'x\\y',
	'a|b',
	'0',
	'-',
];
const name = fc.oneof(
	fc.constantFrom(...NAMES),
	fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => text !== ALL && !/[\n\r]/.test(text)),
);
const digits = fc
	.integer({ min: 1, max: 999_999_999 })
	.chain((number) => fc.constantFrom(String(number), `3588${String(number).padStart(11, '0')}`));

interface Place {
	where: string;
	name: string;
	field: Field;
	/** As the browser has it. */
	seen: object;
}

/** Every field that is filled from the account. */
function placesOf(provider: Provider): Place[] {
	const { operations, triggers } = JSON.parse(JSON.stringify(catalogOf(provider))) as Record<
		'operations' | 'triggers',
		{ fields: { name: string }[] }[]
	>;
	const fields = (where: string, all: Fields, seen: { name: string }[] = []) =>
		Object.entries(all).flatMap(([name, field]) =>
			field.lookup === undefined
				? []
				: [{ where: `${where} ${name}`, name, field, seen: seen.find((each) => each.name === name)! }],
		);
	return [
		...provider.operations.flatMap((operation, place) =>
			fields(`${operation.resource}.${operation.name}`, operation.params as Fields, operations[place]?.fields),
		),
		...provider.triggers.flatMap((trigger, place) =>
			fields(trigger.name, fieldsOfTrigger(trigger), triggers[place]?.fields),
		),
	];
}

const clock = { now: 0, timeZone: 'UTC' };
/** What a run would ask for. */
const readBack = ({ name, field }: Place, text: string) =>
	readFields({ [name]: Object.create(field, { when: { value: undefined } }) as Field }, { [name]: text }, clock)[
		name
	];

describe.each(providers.map((provider) => [provider.title, provider] as const))('%s', (_, provider) => {
	const places = placesOf(provider);

	test.each(places.map((place) => [place.where, place] as const))('%s: what is picked is asked for', (_, place) => {
		const { field, seen } = place;
		const accepts = (value: string) => field.schema.safeParse(field.kind === 'ids' ? [value] : value).success;
		// Few names are numbers, and a filter would look for them for ever.
		const value = (accepts('B 10') ? fc.oneof(name, digits) : digits).filter(accepts);
		fc.assert(
			fc.property(fc.uniqueArray(value, { minLength: 1, maxLength: 5 }), fc.nat(4), (values, place_) => {
				if (field.kind === 'id') {
					for (const one of values) expect(readBack(place, picker.toggled(seen, 'before', one))).toBe(one);
					return;
				}
				const text = values.reduce((before, one) => picker.toggled(seen, before, one), '');
				expect(picker.valuesIn(seen, text)).toEqual(values);
				expect(readBack(place, text)).toEqual(values);
				// A second click takes it back, and nothing else.
				const back = values[place_ % values.length]!;
				const rest = values.filter((one) => one !== back);
				const less = picker.toggled(seen, text, back);
				expect(picker.valuesIn(seen, less)).toEqual(rest);
				if (rest.length === 0) expect(() => readBack(place, less)).toThrow('is missing');
				else expect(readBack(place, less)).toEqual(rest);
				if (!field.all) return;
				expect(readBack(place, picker.toggled(seen, text, ALL))).toBe(ALL);
				expect(readBack(place, picker.toggled(seen, ALL, back))).toEqual([back]);
				expect(picker.toggled(seen, ALL, ALL)).toBe('');
			}),
			{ numRuns: 200 },
		);
	});
});

test('the last one that is typed is completed, and those before stay', () => {
	const [plates, devices] = ['plates', 'devices'].map(
		(name) =>
			placesOf(providers.find((each) => each.name === 'itracksense')!).find((place) => place.name === name)!.seen,
	);
	const completed = (field: object, text: string, value: string) => {
		const { before, search } = picker.typing(field, text)!;
		return [search, before.reduce((all, one) => picker.toggled(field, all, one), ''), value];
	};
	expect(completed(plates!, 'B 10 FLT, B 1', '')).toEqual(['B 1', 'B 10 FLT', '']);
	expect(completed(plates!, 'B 10 FLT, ', '')).toEqual(['', 'B 10 FLT', '']);
	expect(completed(plates!, '', '')).toEqual(['', '', '']);
	expect(completed(devices!, '123, 45', '')).toEqual(['45', '123', '']);
	expect(picker.typing(plates!, '["A, B"]')).toBeUndefined();
});

describe('at the simulator', () => {
	/** Two vehicles of the account, as a field's picker lists them. */
	async function picked(
		vendorName: string,
		operationName: string,
		rename: (plate: string, place: number) => string = (plate) => plate,
	) {
		const vendor = await startVendor(vendorName);
		const { provider, simulator } = vendor;
		for (const [place, device] of [
			...(
				((simulator as { devices?: Map<string, { plate: string }> }).devices ?? new Map()) as Map<
					string,
					{ plate: string }
				>
			).values(),
		].entries())
			device.plate = rename(device.plate, place);
		const connection = readFields(provider.connection, { ...vendor.connection }, clock) as unknown as Connection;
		let passed = 0;
		const bodies: Record<string, string>[] = [];
		const host = new (class extends FetchHost<Connection> {
			override send(request: WireRequest, options: SendOptions) {
				bodies.push(request.json as Record<string, string>);
				return super.send(request, options);
			}
		})(provider, connection, { now: () => simulator.now() + passed, pass: (ms) => (passed += ms) });
		const client = new Client(provider, connection, host);
		const operation = vendor.operation(operationName);
		const place = placesOf(provider).find(
			({ where, field }) => where.startsWith(`${operationName} `) && field.kind === 'ids',
		)!;
		const choices = await client.lookup(String(place.field.lookup));
		const two = choices.filter((_, index) => index === 1 || index === choices.length - 2).map(({ value }) => value);
		const text = two.reduce((before, one) => picker.toggled(place.seen, before, one), '');
		const refusals: string[] = [];
		const records = (await client
			.collect(operation, { ...vendor.paramsOf(operation), [place.name]: text })
			.catch((error: unknown) => (refusals.push(String(error)), []))) as Record<string, unknown>[];
		await vendor.close();
		return { two, records, bodies: bodies.slice(1), said: [...refusals, ...host.warnings] };
	}

	const lists = KITTED.flatMap(({ name, counts }) => counts.batched.map((operation) => [name, operation] as const));
	test.each(lists)('%s %s: two that are picked give two records', async (vendorName, operationName) => {
		const { records, said } = await picked(vendorName, operationName);
		expect(new Set(records.map(({ deviceId, deviceName }) => deviceId ?? deviceName)).size).toBe(2);
		expect(said).toEqual([]);
	});

	const odd = (plate: string, place: number) =>
		`${['粤B 12345', 'ЕК "77" [x]', `${plate} (${String(place)})`][place % 3] ?? ''}${' '.repeat(Math.floor(place / 3))}`;
	test.each([
		'position.getCurrentByPlate',
		'position.getHistoryByPlate',
		'alarm.getManyByPlate',
		'geofence.getEventsByPlate',
		'geofence.getCurrent',
		'device.getConsumption',
	])('itracksense %s asks for the plates that were picked', async (operationName) => {
		for (const rename of [(plate: string) => plate, odd]) {
			const { two, bodies } = await picked('itracksense', operationName, rename);
			const sent = bodies.flatMap((body) =>
				Object.entries(body)
					.filter(([key]) => /Plate|VehicleNums/.test(key))
					.flatMap(([, value]) => value.split(',')),
			);
			expect([...new Set(sent)]).toEqual(two);
		}
	});
});
