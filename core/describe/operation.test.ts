/** What a declaration must not say: each line below a `@ts-expect-error` is one that the compiler has to refuse. */
import { expect, test } from 'vitest';
import { z } from 'zod/v4';
import { text } from './field';
import { operation } from './operation';
import { CONFIRMED } from './outcome';
import type { Mileage, Row } from './records';

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

const toMileage = (row: Row): Mileage => ({ deviceId: String(row.id), from: '', to: '', distance: null });

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
