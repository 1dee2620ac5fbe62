import { resourceTitle } from '../core/describe/resources';
import type { Vendor } from '../providers/vendor';
import { MADE, nodeTypesOf } from './n8n-files';
import { inWords } from './manifests';
import { N8N, N8N_PACKAGES, type Package } from './packages';
import { pageAt, publisher } from './publisher';

/** The versions that the tests run on. */
const COMPATIBLE = 'n8n 2.41 or later. Tested with 2.41.1 on Node.js 24.';

/** A package's README in the form of n8n's template. It is what npm and n8n show of the package. */
export function n8nReadmeOf(made: Package): string {
	const { name, vendors } = made;
	const titles = inWords(vendors.map(({ provider }) => provider.title));
	const many = vendors.length > 1;
	return [
		`<!-- ${MADE} -->`,
		`# ${name}`,
		'',
		`n8n nodes for GPS fleets with ${titles}. Pick an operation, fill in its fields, and connect its output to the rest of your workflow.`,
		'',
		`This package is not made by ${many ? 'any of these companies' : titles} or by n8n, and they do not support it. Its icons are own drawings, not logos.`,
		'',
		'[Installation](#installation) · [Operations](#operations) · [Triggers](#triggers) · [Credentials](#credentials) · [Compatibility](#compatibility) · [Usage](#usage) · [Example](#example) · [Resources](#resources) · [Version history](#version-history)',
		'',
		'## Installation',
		'',
		`In n8n: *Settings*, *Community nodes*, *Install*, \`${name}\`. Or follow the [installation guide](https://docs.n8n.io/integrations/community-nodes/installation/) of n8n.`,
		'',
		...whichPackage(made),
		'## Operations',
		'',
		...vendors.flatMap((vendor) => operationsOf(vendor, many)),
		'## Triggers',
		'',
		...vendors.flatMap((vendor) => triggersOf(vendor)),
		'',
		'No event is missed over a restart, and each has an `id` to remove duplicates with. ' +
			`[What triggers promise](${pageAt('docs/delivery.md')}).`,
		'',
		'## Credentials',
		'',
		...vendors.flatMap((vendor) => credentialOf(vendor)),
		'',
		'Use an account of its own for n8n: with most vendors, a login of another program ends its session.',
		'',
		'## Compatibility',
		'',
		COMPATIBLE,
		'',
		'## Usage',
		'',
		'- **Output** is *Simplified* by default: the same fields for every vendor, times in UTC, speeds in km/h, distances in km. *Raw* has the records of the vendor.',
		'- **Return All** returns everything, in as many requests as that takes. Otherwise there are at most *Limit* records.',
		...(vendors.some(({ provider }) => provider.operations.some(({ effect }) => effect === 'command'))
			? [
					'- **Commands** are sent once, and only after you switch on *Allow Commands* in the credential. The `outcome` says whether they were confirmed.',
				]
			: []),
		'- **On Error** set to continue returns a failed item as an item with an `error` field.',
		'- **Agents** can use the nodes as tools.',
		`- **What is stored**, and for how long: [Privacy](${pageAt('docs/privacy.md')}).`,
		'',
		'## Example',
		'',
		'Copy this and paste it into an empty workflow. Choose your credential in the second node. It returns the position of every vehicle.',
		'',
		'```json',
		JSON.stringify(exampleOf(made), null, 2),
		'```',
		'',
		'## Resources',
		'',
		...vendors.map(
			({ provider }) => `- [${provider.title}: all operations and fields](${pageAt(`docs/${provider.name}.md`)})`,
		),
		`- [Source and help](${publisher.repository.url.replace(/^git\+|\.git$/g, '')})`,
		'- [n8n community nodes](https://docs.n8n.io/integrations/#community-nodes)',
		'',
		'## Version history',
		'',
		`[CHANGELOG.md](${pageAt('CHANGELOG.md')}). All packages have the same version.`,
		'',
	].join('\n');
}

/** What to install, and what two packages for one vendor mean. */
function whichPackage({ vendors }: Package): string[] {
	const [vendor, ...others] = vendors;
	const which =
		vendor === undefined || others.length > 0
			? `This package has all vendors. If you use one only, its own package is enough: ${inWords(N8N_PACKAGES.filter((each) => each !== N8N).map(({ name }) => `\`${name}\``))}.`
			: `If you use several vendors and host n8n yourself, \`${N8N.name}\` has them all.`;
	return [
		which,
		'',
		'Install one package for each vendor. Two with the same vendor work, but each logs in by itself and counts its own requests. With most vendors, each login ends the session of the other; the nodes warn of it.',
		'',
		`To change from one package to the other, rewrite your workflows: [Changing packages](${pageAt('docs/n8n-packages.md')}).`,
		'',
	];
}

function operationsOf({ provider }: Vendor, many: boolean): string[] {
	const resources = [...new Set(provider.operations.map(({ resource }) => resource))];
	return [
		...(many ? [`### ${provider.title}`, ''] : []),
		...resources.map((resource) => {
			const some = provider.operations.filter((operation) => operation.resource === resource);
			return `- **${resourceTitle(provider, resource)}**: ${some.map(({ title }) => title).join('; ')}`;
		}),
		'',
	];
}

const triggersOf = ({ provider, n8n }: Vendor) => [
	`- **${provider.title} Trigger**: ${provider.triggers
		.filter(({ queue }) => queue !== true)
		.map(({ title }) => title)
		.join(', ')}`,
	...(n8n.queueTrigger === undefined
		? []
		: [
				`- **${provider.title} Queue Trigger**: ${provider.triggers
					.filter(({ queue }) => queue === true)
					.map(({ title }) => title)
					.join(', ')}. It is a node of its own because an n8n node either polls or listens.`,
			]),
];

const credentialOf = ({ provider }: Vendor) => [
	`- **${provider.title} API**: ${Object.values(provider.connection)
		.map(({ title }) => title)
		.join(', ')}. [What they mean](${pageAt(`docs/${provider.name}.md#account`)}).`,
];

/** Where everything is, by hand: the one operation that all vendors have. */
export function exampleOf({ name, vendors: [vendor] }: Package): object {
	if (vendor === undefined) throw new Error(`${name} has no vendor.`);
	const { title } = vendor.provider;
	return {
		name: `Where is my fleet? (${title})`,
		nodes: [
			{
				name: 'When clicking Execute',
				type: 'n8n-nodes-base.manualTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: {},
			},
			{
				name: title,
				type: `${name}.${nodeTypesOf(vendor)[0] ?? ''}`,
				typeVersion: 1,
				position: [220, 0],
				parameters: {
					resource: 'position',
					operation: 'getCurrent',
					devices: { __rl: true, mode: 'list', value: '*', cachedResultName: 'All Devices' },
					returnAll: true,
				},
			},
		],
		connections: { 'When clicking Execute': { main: [[{ node: title, type: 'main', index: 0 }]] } },
	};
}
