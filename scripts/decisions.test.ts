/** docs/decisions: one page for each decision, all of the same form, and an index of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = join(__dirname, '..', 'docs', 'decisions');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const pages = readdirSync(folder).filter((name) => name !== 'README.md');
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const STATUS = /^(accepted(, amended \d{4}-\d{2}-\d{2})?|superseded by \[(\d{4})\]\((\d{4}-[\w-]+\.md)\))$/;

/** What a page says of itself. */
function headOf(name: string) {
	const text = read(name);
	const field = (title: string) => new RegExp(`^- ${title}: (.+)$`, 'm').exec(text)?.[1] ?? '';
	const [, number = '', title = ''] = /^# (\d{4})\. (.+)\n/.exec(text) ?? [];
	return { text, number, title, date: field('Date'), status: field('Status') };
}

test.each(pages)('%s has a number of its own, a date, a status and all sections', (name) => {
	const { text, number, date, status } = headOf(name);
	expect(name).toMatch(new RegExp(`^${number}-[a-z0-9-]+\\.md$`));
	expect(date).toMatch(DATE);
	expect(status).toMatch(STATUS);
	const sections = text.split(/^## /m).slice(1);
	expect(sections.map((section) => section.split('\n')[0])).toEqual(['Context', 'Decision', 'Considered']);
	for (const section of sections) expect(section.split('\n').slice(1).join('').trim()).not.toBe('');
	expect(text.split('\n## Considered\n')[1]).toMatch(/^\n- /);
	const [, , , , replacement] = STATUS.exec(status) ?? [];
	if (replacement !== undefined) expect(pages).toContain(replacement);
});

test('numbers run from 0001 without gaps', () => {
	expect(pages.map((name) => name.slice(0, 4)).sort()).toEqual(
		pages.map((_, index) => String(index + 1).padStart(4, '0')),
	);
});

test('the index has each page as it is', () => {
	const rows = read('README.md')
		.split('\n')
		.filter((line) => line.startsWith('| ['));
	expect(rows).toEqual(
		[...pages].sort().map((name) => {
			const { number, title, date, status } = headOf(name);
			return `| [${number}](${name}) | ${title} | ${date} | ${status} |`;
		}),
	);
});
