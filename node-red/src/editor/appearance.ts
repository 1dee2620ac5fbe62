import { vendors } from '../../../providers';

/** How a vendor's nodes look in the palette: a muted colour, and the white drawing of node-red/icons/. */
export function appearanceOf(provider: { name: string }): { color: string; icon: string } {
	const vendor = vendors.find((one) => one.provider.name === provider.name);
	if (vendor === undefined) throw new Error(`providers/vendors.ts has no vendor "${provider.name}".`);
	return { color: vendor.color, icon: `fleetwire-${provider.name}.svg` };
}
