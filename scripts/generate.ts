/**
 * `npm run generate`: writes what is made from the vendors' descriptions, and removes what no vendor has any more.
 * Arguments are beginnings of paths; without any, all of it is written.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { leftOver, partFiles, root, wholeFiles } from './generated';

async function main(...beginnings: string[]): Promise<void> {
	const wanted = (path: string) => beginnings.length === 0 || beginnings.some((start) => path.startsWith(start));
	const whole = await wholeFiles();
	for (const [path, text] of [...whole, ...partFiles()].filter(([path]) => wanted(path))) {
		const file = join(root, path);
		if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
		console.log(`wrote ${path}`);
	}
	for (const path of leftOver(whole).filter(wanted)) {
		rmSync(join(root, path));
		console.log(`removed ${path}`);
	}
}

void main(...process.argv.slice(2));
