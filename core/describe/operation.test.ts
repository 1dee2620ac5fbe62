/** What a declaration must not say: each line below a `@ts-expect-error` is one that the compiler has to refuse. */
import { expect, test } from 'vitest';
import { z } from 'zod/v4';
import type { Connection } from './connection';
import { choice, choices, flag, ids, number, onlyOf, text, time, type Several, type Values } from './field';
import { operation } from './operation';
import { CONFIRMED } from './outcome';
import { UNNAMED, type Mileage, type Row } from './records';

const thing = {
	resource: 'thing',
	name: 'get',
	title: '',
	action: '',
	description: '',
	route: 'GET /thing',
	answer: z.array(z.looseObject({})),
	evidence: { section: '1', grade: 'C' },
} as const;

const name = text({ title: 'Name', description: '' });

const toMileage = (row: Row): Mileage => ({ ...UNNAMED, from: '', to: '', distance: null, deviceId: String(row.id) });

test('a record is of the kind that its operation says', () => {
	const mileage = operation({ ...thing, effect: 'read', params: {}, record: toMileage, kind: 'mileage' });
	expect(mileage.kind).toBe('mileage');
	operation({
		...thing,
		effect: 'read',
		params: {},
		// @ts-expect-error -- a mileage is no SIM card
		record: toMileage,
		kind: 'simCard',
	});
	// @ts-expect-error -- a read says what its records are
	operation({ ...thing, effect: 'read', params: {} });
});

test('a write or command gives an outcome, and no record of its own', () => {
	const write = operation({ ...thing, effect: 'write', params: { name }, rows: () => [CONFIRMED] });
	expect(write.kind).toBe('commandOutcome');
	// @ts-expect-error -- nobody would read it
	operation({ ...thing, effect: 'command', params: {}, record: toMileage, kind: 'mileage' });
});

const devices = ids({
	title: 'Devices',
	description: '',
	lookup: 'x',
	noun: 'x',
	pattern: /./,
	expected: '',
	all: 'all',
});
const reading = { ...thing, effect: 'read', kind: 'other', record: (row: Row) => row } as const;

interface OneDevice {
	device: string;
}

test('a request about several devices cannot name the first of them alone', () => {
	operation({
		...reading,
		params: { devices },
		// @ts-expect-error -- a list is taken whole
		request: ({ devices: some }) => ({ query: { device: some[0] } }),
	});
	operation({
		...reading,
		params: { devices },
		// @ts-expect-error -- nor is one taken out of it
		request: ({ devices: [first] }) => ({ query: { device: first } }),
	});
	operation({
		...reading,
		params: { devices },
		// @ts-expect-error -- nor does it carry an array, of which one could be
		request: ({ devices: some }: { devices: string[] }) => ({ query: { device: some[0] } }),
		run: async function* (run, { devices: all }) {
			if (all !== '*') yield await run.request({ devices: all });
		},
	});
	operation({
		...reading,
		params: { devices },
		// @ts-expect-error -- nor is it made into an array
		request: ({ devices: some }: { devices: Several }) => ({ query: { device: some.map(Number)[0] } }),
		run: async function* (run, { devices: all }) {
			if (all !== '*') yield await run.request({ devices: all });
		},
	});
	operation({
		...reading,
		params: { devices },
		request: ({ device }: OneDevice) => ({ query: { device } }),
		run: async function* (run, { devices: all }) {
			// @ts-expect-error -- the first may not be there
			yield await run.request({ device: all[0] });
			// @ts-expect-error -- nor is it enough to hand on what the user filled in
			yield await run.request({ devices: all });
		},
	});
	expect(onlyOf(['a'])).toBe('a');
	expect(onlyOf(['a', 'b'])).toBeNull();
	expect(onlyOf([])).toBeNull();
	expect(onlyOf('*')).toBeNull();
});

test('a record of several devices is not of the first of them', () => {
	operation({
		...reading,
		params: { devices },
		request: () => ({}),
		// @ts-expect-error -- whose the record is, is not known
		record: (row: Row, { devices: [deviceId] }) => ({ ...row, deviceId }),
	});
});

test('what a user fills in is made into what a request carries', () => {
	// @ts-expect-error -- by a `run`, where the two differ
	operation({ ...reading, params: { devices }, request: ({ device }: OneDevice) => ({ query: { device } }) });
	const split = operation({
		...reading,
		params: { devices },
		route: 'GET /thing/{device}',
		request: (_: OneDevice) => ({}),
		run: async function* (run, { devices: all }) {
			for (const device of all) yield await run.request({ device });
		},
	});
	expect(split.request({ device: 'a' }, {} as Connection)).toEqual({});
	operation({
		...reading,
		params: { devices },
		// @ts-expect-error -- the request carries no such variable
		route: 'GET /thing/{devices}',
		request: (_: OneDevice) => ({}),
		run: async function* (run) {
			yield await run.request({ device: 'a' });
		},
	});
});

test('what no query can carry as it is needs a request', () => {
	const plain = operation({ ...reading, params: { name } });
	expect(plain.request({ name: 'a' }, {} as Connection)).toEqual({ query: { name: 'a' } });
	// @ts-expect-error -- a list, which each vendor writes in its own way
	operation({ ...reading, params: { devices } });
	// @ts-expect-error -- true or false, likewise
	operation({ ...reading, params: { on: flag({ title: '', description: '', initial: true }) } });
});

test('what depends on another field may be missing', () => {
	const when = { name: ['a'] } as const;
	const words = { title: '', description: '' };
	const options = [{ value: 'x', title: 'X' }] as const;
	const params = {
		name,
		text: text({ ...words, when }),
		number: number({ ...words, min: 0, when }),
		time: time({ ...words, when }),
		flag: flag({ ...words, initial: true, when }),
		choice: choice({ ...words, options, when }),
		choices: choices({ ...words, options, when }),
		ids: ids({ ...words, lookup: 'x', noun: 'x', pattern: /./, expected: '', when }),
	};
	operation({
		...reading,
		params,
		request: (wire) => {
			// @ts-expect-error -- each of these
			wire.text.trim();
			// @ts-expect-error -- each of these
			void wire.number.toFixed();
			// @ts-expect-error -- each of these
			void wire.time.toFixed();
			// @ts-expect-error -- each of these
			void wire.flag.valueOf();
			// @ts-expect-error -- each of these
			wire.choice.trim();
			// @ts-expect-error -- each of these
			void wire.choices.join(',');
			// @ts-expect-error -- each of these
			void wire.ids.join(',');
			return { query: { name: wire.name.trim(), choice: wire.choice?.trim(), ids: wire.ids?.join(',') } };
		},
	});
	// @ts-expect-error -- none of the choices
	const chosen: Values<typeof params>['choice'] = 'y';
	expect(params.choice.schema.safeParse(chosen).success).toBe(false);
});

test('so may what only some of the brands have', () => {
	const paramsOf = (more: boolean) => ({
		name,
		...(more ? { extra: number({ title: '', description: '', min: 0 }) } : {}),
	});
	operation({
		...reading,
		params: paramsOf(true),
		request: ({ extra = 1 }) => ({ query: { extra } }),
		// @ts-expect-error -- it may not be there
		check: ({ extra }) => extra.toFixed(),
	});
});
