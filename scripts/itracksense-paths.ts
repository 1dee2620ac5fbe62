/**
 * Rewrites the paths of iTracksense's methods (providers/itracksense/paths.ts) out of the vendor's page, whose sections
 * carry "Relative url:" lines: `node --import tsx scripts/itracksense-paths.ts <url or file>`. What is read there is
 * certain (grade C); what the page does not have stays as it is. The recorded requests follow. Read the difference
 * before you commit it, and run `npm run docs`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PATHS } from '../providers/itracksense/paths';

const HOME = join(__dirname, '..', 'providers', 'itracksense');
const TABLE = join(HOME, 'paths.ts');
const PATH = /^(\/[\w.~-]+)+$/;

/** The lines that a reader sees, of a page in html or in plain text. */
export function linesOf(page: string): string[] {
	const html = /<\w+[^>]*>/.test(page);
	const text = html
		? page
				.replace(/<!--[^]*?-->|<(script|style)\b[^]*?<\/\1\s*>/gi, '')
				.replace(/<\/?(?:br|p|h[1-6]|div|li|ul|ol|tr|t[dh]|table|section|article|pre|dt|dd)\b[^>]*>/gi, '\n')
				.replace(/<[^>]+>/g, '')
				.replace(/&nbsp;|&#160;/gi, ' ')
				.replace(/&#47;|&#x2f;/gi, '/')
				.replace(/&amp;/gi, '&')
		: page;
	return text
		.split(/\r?\n/)
		.map((line) => line.trim())
		.filter((line) => line !== '');
}

/** "GetDeviceList", "api/vehicle/GetDeviceList" or a whole address, as a path. */
function pathOf(value: string): string | undefined {
	const bare = value
		.replace(/^["'“]|["'”,;.]+$/g, '')
		.replace(/^https?:\/\/[^/]+/i, '')
		.replace(/\?.*$/, '');
	const path = bare.startsWith('/') ? bare : bare.includes('/') ? `/${bare}` : `/api/vehicle/${bare}`;
	return PATH.test(path) ? path : undefined;
}

/**
 * The path of each section. Table rows are numbered too, so a heading needs a dot and a higher number than the one
 * before.
 */
export function pathsIn(page: string): Map<number, string> {
	const found = new Map<number, string>();
	const lines = linesOf(page);
	let section = 0;
	for (const [at, line] of lines.entries()) {
		const heading = Number(/^(\d{1,2})\s*[.．、]\s*\D/.exec(line)?.[1] ?? 0);
		if (heading > section && heading in PATHS) section = heading;
		const [, value] = /relative\s+url\s*[:：]\s*(\S*)/i.exec(line) ?? [];
		if (value === undefined || section === 0 || found.has(section)) continue;
		const path = pathOf(value === '' ? ((lines[at + 1] ?? '').split(/\s/)[0] ?? '') : value);
		if (path !== undefined) found.set(section, path);
	}
	return found;
}

/** The source of the table with the paths that were found. */
export function withPaths(source: string, found: ReadonlyMap<number, string>): string {
	return source.replace(/^\t(\d+): \{ path: '[^']*', grade: '\w' \},$/gm, (line, section: string) => {
		const path = found.get(Number(section));
		return path === undefined ? line : `\t${section}: { path: '${path}', grade: 'C' },`;
	});
}

async function main([from]: readonly string[]): Promise<void> {
	if (from === undefined) throw new Error('Say where the page is: a web address, or a file.');
	const page = /^https?:/i.test(from) ? await (await fetch(from)).text() : readFileSync(from, 'utf8');
	const found = pathsIn(page);
	if (found.size === 0)
		throw new Error('The page has no "Relative url:" lines under numbered headings; the table is left as it is.');
	writeFileSync(TABLE, withPaths(readFileSync(TABLE, 'utf8'), found));
	for (const name of readdirSync(join(HOME, 'recorded'))) {
		const file = join(HOME, 'recorded', name);
		const recorded = readFileSync(file, 'utf8');
		const renamed = recorded.replace(/"POST (\/[^"]+)"/g, (request, path: string) => {
			const section = Object.entries(PATHS).find(([, known]) => known.path === path)?.[0];
			const now = found.get(Number(section));
			return now === undefined ? request : `"POST ${now}"`;
		});
		if (renamed !== recorded) writeFileSync(file, renamed);
	}
	for (const [section, { path, grade }] of Object.entries(PATHS)) {
		const now = found.get(Number(section));
		if (now === undefined) console.log(`${section}: not on the page; still ${path} (${grade})`);
		else console.log(`${section}: ${now}${now === path ? '' : `, was ${path}`} (C, was ${grade})`);
	}
}

if (process.argv[1] === __filename) {
	main(process.argv.slice(2).filter((argument) => argument !== '--')).catch((error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	});
}
