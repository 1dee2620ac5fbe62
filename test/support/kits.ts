/** Every platform's test kit, a line each. */
import { testkit as ctrack } from '../../providers/ctrack/testkit';
import { testkit as itracksense } from '../../providers/itracksense/testkit';
import { testkit as protrack } from '../../providers/protrack/testkit';
import { testkit as trackgps } from '../../providers/trackgps/testkit';
import { vendors } from '../../providers';
import type { Vendor } from '../../providers/vendor';
import { platformOf } from './recordings';
import type { TestKit, TestKitOf } from './testkit';

const KITS: Readonly<Record<string, TestKitOf>> = { ctrack, itracksense, protrack, trackgps };

export interface Kitted extends TestKit {
	name: string;
	vendor: Vendor;
	platform: string;
	/** Names that n8n goes by. */
	n8n: { node: string; credential: string };
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

function kitted(vendor: Vendor): Kitted[] {
	const node = lowerFirst(vendor.n8n.className);
	const platform = platformOf(vendor);
	const kit = Object.hasOwn(KITS, platform) ? KITS[platform]?.(vendor) : undefined;
	// providers/vendors.test.ts says what is missing.
	if (kit === undefined) return [];
	return [{ ...kit, name: vendor.provider.name, vendor, platform, n8n: { node, credential: `${node}Api` } }];
}

/** Every vendor that has a kit, in the order of palettes and docs. */
export const KITTED: readonly Kitted[] = vendors.flatMap(kitted);
export const VENDOR_NAMES: readonly string[] = KITTED.map(({ name }) => name);
/**
 * One of those that offer the same operations on the same platform, for what takes long: they share all of their code.
 */
export const ONE_OF_EACH: readonly Kitted[] = [
	...new Map(
		[...KITTED]
			.reverse()
			.map((kit) => [
				[
					kit.platform,
					...kit.vendor.provider.operations.map(({ resource, name }) => `${resource}.${name}`),
				].join(),
				kit,
			]),
	).values(),
].reverse();
/** One of each platform, whose brands read answers with the same code. */
export const PLATFORMS: readonly Kitted[] = KITTED.filter(
	(kit, place) => KITTED.findIndex(({ platform }) => platform === kit.platform) === place,
);
/** Vendors of a platform. */
export const brandsOf = (platform: string) => KITTED.filter((kit) => kit.platform === platform).map(({ name }) => name);

export function kitOf(name: string): Kitted {
	const kit = KITTED.find((one) => one.name === name);
	if (kit === undefined) throw new Error(`There is no vendor "${name}" with a test kit.`);
	return kit;
}
