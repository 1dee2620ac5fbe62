import { expect, test } from 'vitest';
import type { Row } from '../describe/records';
import { SharedReads } from './shared-reads';

async function rowsOf(pages: AsyncIterable<Row[]>): Promise<Row[]> {
	const rows: Row[] = [];
	for await (const page of pages) rows.push(...page);
	return rows;
}

const AT = { key: 'positions', now: 1_000_000, maxAgeMs: 60_000, watermark: 900 };

function vendor(...answers: (Row[] | Error)[]) {
	let asked = 0;
	const start = async function* () {
		await Promise.resolve();
		const answer = answers[Math.min(asked++, answers.length - 1)] ?? [];
		if (answer instanceof Error) throw answer;
		yield answer;
	};
	return { start, asked: () => asked };
}

test('several who ask the same within a minute cost one request, and get its watermark', async () => {
	const looks = new SharedReads();
	const { start, asked } = vendor([{ id: 1 }]);
	const first = looks.read(AT, start);
	const second = looks.read({ ...AT, now: AT.now + 59_000, watermark: 959 }, start);
	expect(await Promise.all([rowsOf(first.pages), rowsOf(second.pages)])).toEqual([[{ id: 1 }], [{ id: 1 }]]);
	expect([asked(), second.watermark]).toEqual([1, 900]);
	await rowsOf(looks.read({ ...AT, now: AT.now + 60_000 }, start).pages);
	await rowsOf(looks.read({ ...AT, key: 'alarms' }, start).pages);
	expect(asked()).toBe(3);
});

test('who meets a request of another that fails asks once more himself', async () => {
	const looks = new SharedReads();
	const { start, asked } = vendor(new Error('stopped'), [{ id: 2 }]);
	const first = looks.read(AT, start).pages;
	const second = looks.read(AT, start).pages;
	await expect(rowsOf(first)).rejects.toThrow('stopped');
	expect(await rowsOf(second)).toEqual([{ id: 2 }]);
	expect(asked()).toBe(2);
});

test('what failed is not kept for others', async () => {
	const looks = new SharedReads();
	const { start, asked } = vendor(new Error('away'), [{ id: 3 }]);
	await expect(rowsOf(looks.read(AT, start).pages)).rejects.toThrow('away');
	expect(await rowsOf(looks.read({ ...AT, now: AT.now + 1 }, start).pages)).toEqual([{ id: 3 }]);
	expect(asked()).toBe(2);
});

test('a clock that was set back keeps nothing for longer', async () => {
	const looks = new SharedReads();
	const { start, asked } = vendor([{ id: 4 }]);
	await rowsOf(looks.read(AT, start).pages);
	await rowsOf(looks.read({ ...AT, now: AT.now - 3_600_000 }, start).pages);
	expect(asked()).toBe(2);
});
