import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vendor } from '../providers/vendor';

const root = join(__dirname, '..');

const articleBefore = (title: string) => (/^[aeiou]/i.test(title) ? 'an' : 'a');
const addressOf = ({ provider: { connection } }: Vendor) => String(connection['baseUrl']?.initial ?? '');

/**
 * A vendor's flows for Node-RED's Import, Examples: path and text. They are written for one brand of a platform; the
 * others have them in their own name, with ids of their own, so that both may be imported.
 */
export function exampleFiles(vendor: Vendor, vendors: readonly Vendor[]): [path: string, text: string][] {
	const folder = join(root, 'providers', vendor.module.split('/')[0] ?? '', 'examples');
	return readdirSync(folder)
		.sort()
		.map((file) => {
			const text = readFileSync(join(folder, file), 'utf8');
			const [, name] = /"fleetwire-(\w+)-account"/.exec(text) ?? [];
			const author = vendors.find(({ provider }) => provider.name === name);
			if (author === undefined) throw new Error(`${join(folder, file)} has no account of a vendor.`);
			return [
				`node-red/examples/${vendor.provider.title} - ${file}`,
				author === vendor ? text : inNameOf(vendor, author, text),
			];
		});
}

function inNameOf(vendor: Vendor, author: Vendor, text: string): string {
	const { name, title } = vendor.provider;
	const written = author.provider;
	return text
		.replace(/"([0-9a-f]{16})"/g, (_, id: string) => `"${idFor(name, id)}"`)
		.replaceAll(`${articleBefore(written.title)} ${written.title}`, `${articleBefore(title)} ${title}`)
		.replaceAll(written.title, title)
		.replaceAll(`"fleetwire-${written.name}`, `"fleetwire-${name}`)
		.replaceAll(`"${addressOf(author)}"`, `"${addressOf(vendor)}"`);
}

const idFor = (name: string, id: string) => createHash('sha256').update(`${name} ${id}`).digest('hex').slice(0, 16);
