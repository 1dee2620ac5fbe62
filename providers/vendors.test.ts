/**
 * What belongs to a vendor beside its description: each piece that is missing is named here, and other suites pass over
 * such a vendor.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KITTED } from '../test/support/kits';
import { platformOf, recordingOf } from '../test/support/recordings';
import { vendors } from '.';

const root = join(__dirname, '..');
const there = (path: string) => existsSync(join(root, path));
const listedIn = (folder: string) =>
	(
		JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
			n8n: Record<'nodes' | 'credentials', string[]>;
		}
	).n8n;

test.each(vendors)('$provider.title has all that belongs to a vendor', (vendor) => {
	const { provider, n8n } = vendor;
	const folder = `providers/${platformOf(vendor)}`;
	const missing: string[] = [];
	if (!there(`${folder}/testkit.ts`)) missing.push(`a test kit: ${folder}/testkit.ts`);
	else if (!KITTED.some(({ name }) => name === provider.name))
		missing.push(`the line for ${folder}/testkit.ts in test/support/kits.ts`);
	for (const { resource, name } of provider.operations) {
		const recorded = recordingOf(provider, `${resource}.${name}`);
		const path = `${folder}/recorded/${resource}.${name}.json`;
		if (recorded === undefined) missing.push(`a recorded pair: ${path}`);
		else if (typeof recorded.simulated !== 'object')
			missing.push(`"simulated", parameters for the simulator: ${path}`);
	}
	const { className } = n8n;
	const endings = ['', 'Trigger', ...(n8n.queueTrigger === undefined ? [] : ['QueueTrigger'])];
	for (const [list, path] of [
		...endings.map((ending) => ['nodes', `nodes/${className}/${className}${ending}.node`] as const),
		['credentials', `credentials/${className}Api.credentials`] as const,
	]) {
		if (!there(`${path}.ts`)) missing.push(`${path}.ts for n8n: npm run generate`);
		else
			for (const folder of ['packages/n8n-nodes-fleetwire', `packages/n8n-nodes-${provider.name}`])
				if (!there(folder)) missing.push(`${folder}: npm run generate`);
				else if (!listedIn(folder)[list].includes(`dist/${path}.js`))
					missing.push(`dist/${path}.js in ${folder}/package.json: npm run generate`);
	}
	if (!there(`docs/${provider.name}.md`)) missing.push(`its page, docs/${provider.name}.md: npm run generate`);
	expect(missing, `${provider.title} lacks`).toEqual([]);
});
