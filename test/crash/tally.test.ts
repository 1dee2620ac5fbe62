/** What the crash tests rest on: that the comparison finds whatever breaks the promise. */
import { expect, test } from 'vitest';
import { sumOf, tally, tableOf, type Delivery, type Run } from './tally';

const run = (deliveries: Delivery[], changes: Partial<Run> = {}) =>
	tally({
		points: ['before emit', 'after emit'],
		kills: ['before emit', 'after emit'],
		deliveries,
		due: new Map([
			['a', 500],
			['b', 1500],
			['c', 2500],
		]),
		exists: (name) => 'abc'.includes(name),
		again: 1,
		...changes,
	});

test('everything once is as promised', () => {
	const result = run([
		{ life: 0, names: ['a'] },
		{ life: 1, names: ['b'] },
		{ life: 2, names: ['c'] },
	]);
	expect(result).toMatchObject({ kills: 2, due: 3, missing: 0, duplicated: 0, breaches: [] });
});

test('the last batch before an end may come again, where the promise allows it', () => {
	const again = [
		{ life: 0, names: ['a'] },
		{ life: 1, names: ['b'] },
		{ life: 2, names: ['b', 'c'] },
	];
	expect(run(again)).toMatchObject({
		duplicated: 1,
		points: { 'before emit': { duplicated: 0 }, 'after emit': { kills: 1, duplicated: 1 } },
		breaches: [],
	});
	expect(run(again, { again: 0 }).breaches).toEqual(['b came again after the end "after emit"']);
});

test('what is older than the last batch must not come again, nor anything within a life', () => {
	expect(
		run([
			{ life: 0, names: ['a'] },
			{ life: 0, names: ['b'] },
			{ life: 1, names: ['a'] },
			{ life: 2, names: ['c'] },
		]).breaches,
	).toEqual(['a came again after the end "before emit", and was not in the last batch before it']);
	expect(
		run([
			{ life: 0, names: ['a', 'b'] },
			{ life: 2, names: ['c'] },
			{ life: 2, names: ['c'] },
		]).breaches,
	).toEqual(['c came twice without a stop in between, in life 2']);
});

test('what is missing is put down to the end after which it was passed by, and what nobody has produced is told', () => {
	const result = run(
		[
			{ life: 0, names: ['a'] },
			{ life: 2, names: ['c', 'x'] },
		],
		{ exists: (name) => name !== 'x' },
	);
	expect(result).toMatchObject({
		missing: 1,
		points: { 'before emit': { missing: 0 }, 'after emit': { missing: 1 } },
	});
	expect(result.breaches).toEqual([
		'x was delivered, and the vendor has no such event',
		'b is missing, most likely since the end "after emit"',
	]);
	expect(tableOf({ host: result })).toMatch(/host +all +2 +1 +0 +3 events, PROMISE BROKEN/);
});

test('installations are added up, point by point', () => {
	const once = run([
		{ life: 0, names: ['a'] },
		{ life: 2, names: ['c'] },
	]);
	const other = { ...once, points: { ...once.points, 'between pages': { kills: 3, missing: 0, duplicated: 2 } } };
	expect(sumOf([once, other])).toEqual({
		kills: 4,
		due: 6,
		missing: 2,
		duplicated: 0,
		points: {
			'before emit': { kills: 2, missing: 0, duplicated: 0 },
			'after emit': { kills: 2, missing: 2, duplicated: 0 },
			'between pages': { kills: 3, missing: 0, duplicated: 2 },
		},
		breaches: [...once.breaches, ...once.breaches],
	});
});
