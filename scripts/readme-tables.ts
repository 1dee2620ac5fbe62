import { isComputed } from '../core/describe/operation';
import type { Vendor } from '../providers/vendor';

const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly string[]) =>
	[row(...head), `|${'---|'.repeat(head.length)}`, ...rows].join('\n');

const countOf = ({ provider }: Vendor) => String(provider.operations.filter((one) => !isComputed(one)).length);
const eventsOf = ({ provider }: Vendor) => provider.triggers.map(({ title }) => title).join(', ');

/** README.md: what there is of each vendor, and of those that sell the same platform under names of their own. */
export const vendorTable = (vendors: readonly Vendor[]) =>
	table(
		['vendor', 'operations', 'page'],
		[
			...vendors.map((vendor) => {
				const { name, title } = vendor.provider;
				const extent = vendor.extent === undefined ? '' : `, ${vendor.extent}`;
				const page = `docs/${name}.md`;
				return row(title, `${countOf(vendor)}${extent}: ${vendor.covers}`, `[${page}](${page})`);
			}),
			...whiteLabels(vendors),
		],
	);

/** "A, B, or C". */
const EITHER = new Intl.ListFormat('en', { type: 'disjunction' });

function whiteLabels(vendors: readonly Vendor[]): string[] {
	const platforms = new Set(vendors.flatMap(({ whiteLabelsOf }) => whiteLabelsOf ?? []));
	return [...platforms].map((platform) => {
		const brands = vendors.filter(({ whiteLabelsOf }) => whiteLabelsOf === platform);
		const titles = EITHER.format(brands.map(({ provider }) => provider.title));
		const how = `Use the node of ${titles}, and enter your brand's address as the account's Base URL`;
		return row(`any other brand of the ${platform} platform`, how, '');
	});
}

/** README.md: which events there are. Vendors with the same ones share a line. */
export function eventTable(vendors: readonly Vendor[]): string {
	const byEvents = new Map<string, Vendor[]>();
	for (const vendor of vendors) byEvents.set(eventsOf(vendor), [...(byEvents.get(eventsOf(vendor)) ?? []), vendor]);
	return table(
		['vendor', 'events'],
		[...byEvents].map(([events, some]) => row(some.map(({ provider }) => provider.title).join(', '), events)),
	);
}

/** node-red/README.md: both at once. */
export const nodeRedTable = (vendors: readonly Vendor[]) =>
	table(
		['vendor', 'operations', 'starts a flow'],
		vendors.map((vendor) => row(vendor.provider.title, `${countOf(vendor)}: ${vendor.covers}`, eventsOf(vendor))),
	);

/** A page with what stands between `<!-- NAME: ... -->` and `<!-- /NAME -->` replaced. */
export function withTable(page: string, name: string, text: string): string {
	const between = new RegExp(`(<!-- ${name}: [^\\n]* -->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
	if (!between.test(page)) throw new Error(`The page has no place for "${name}".`);
	return page.replace(between, (_, start: string, end: string) => `${start}${text}\n${end}`);
}
